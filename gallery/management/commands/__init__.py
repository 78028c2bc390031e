"""One command a file; `manage.py help gallery` lists them."""
