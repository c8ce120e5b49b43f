"""The words of the trade: status, values, errors and ports, in pure Python."""
