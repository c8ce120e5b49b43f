"""The three ways in: form, multipart stream, tus."""
