"""How Jupyter's server hands on what a kernel says: each message at once.

A kernel answers a click with several small messages. TCP holds the second one back until the
browser has acknowledged the first, which it may do 40 ms later (Nagle's algorithm and delayed
acknowledgements), unless the connection is told not to wait.
"""

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection


class PromptConnection(ZMQChannelsWebsocketConnection):
    """Jupyter's own connection from browser to kernel, without that wait."""

    def connect(self):
        self.websocket_handler.set_nodelay(True)
        return super().connect()
