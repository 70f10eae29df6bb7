"""What happens to doubts."""
