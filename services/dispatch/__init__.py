"""The dispatch: which unit and team serve which village, what they owe there, and when they may go home."""
