"""What a chain brings with it: fees, a second chain, who sends, who watches."""
