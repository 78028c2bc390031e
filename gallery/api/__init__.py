"""What programs ask, in the way they ask Cloudinary: `urls` names it all, `doors` lets them in."""
