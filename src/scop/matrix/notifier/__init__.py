"""What becomes of builds, told in rooms."""
