"""HTTP/1.1 on loopback for both embedded parts: messages, the server, certificates, faults."""
