"""What programs do with a cloud: files under names, labels on them, pictures made of them."""
