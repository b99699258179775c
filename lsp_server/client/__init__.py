"""The other end of the wire: what the client can and wants, what it is told and asked."""
