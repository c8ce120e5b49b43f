"""What is checked of the supply chain, apart from the tests."""
