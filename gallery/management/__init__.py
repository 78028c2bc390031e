"""What an operator or a script asks of the site from the command line."""
