"""English as it is said and written: words, sentences, stems, numbers, negation and questions."""
