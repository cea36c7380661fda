// Package websocket carries the frames of a WebSocket (RFC 6455) between a
// client and an upstream, and ends it when it must not go on.
//
// [CheckAnswer] tells whether an upstream has agreed to the handshake; [New]
// makes a [Tunnel] of the two connections, [Tunnel.Run] carries frames until
// both are closed, and [Tunnel.Close] tells both sides why it ends.
//
// Frames pass as they come, whole messages are never held, and nothing is
// decompressed. What is not a frame does not pass: whoever gets a connection
// past the handshake can speak no other protocol on it.
package websocket
