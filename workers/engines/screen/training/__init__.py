"""How the head of the local risk model is trained, and the text that it is trained on."""
