"""What only the rules listen for, as data; ``shared.domain.vocabulary`` says how phrases are written."""
