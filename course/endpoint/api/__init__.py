"""What the endpoint speaks: each API's bodies are read here, and answers get its shape.

chat (with chat_request and chat_shape), responses and its parts, conversations (stored
responses), embeddings (with vectors), moderations, images, files (with multipart), batches and
their parts, metadata, queries (pages of lists).
"""
