"""Whether a claim is supported by the words it quotes."""
