package websocket

import (
	"crypto/sha1" // #nosec G505 -- RFC 6455 section 1.3 asks for it; nothing rests on its strength
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strings"
)

const acceptGUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// Accept is the Sec-WebSocket-Accept that answers a Sec-WebSocket-Key.
func Accept(key string) string {
	sum := sha1.Sum([]byte(key + acceptGUID)) // #nosec G401 -- as above
	return base64.StdEncoding.EncodeToString(sum[:])
}

// CheckAnswer tells whether an upstream's 101 agrees to the handshake that the
// request header asks for (RFC 6455 section 4.1). Without that nothing may be
// tunnelled: the upstream may have taken it for something else.
func CheckAnswer(request http.Header, answer *http.Response) error {
	only := func(name string) string {
		if v := answer.Header[name]; len(v) == 1 {
			return v[0]
		}
		return ""
	}
	switch {
	case answer.StatusCode != http.StatusSwitchingProtocols:
		return errors.New("the upstream did not switch protocols")
	case !strings.EqualFold(only("Upgrade"), "websocket"), !hasToken(answer.Header["Connection"], "upgrade"):
		return errors.New("the upstream switched to another protocol")
	case only("Sec-Websocket-Accept") != Accept(request.Get("Sec-Websocket-Key")):
		return errors.New("the upstream did not accept the handshake")
	case answer.Header["Sec-Websocket-Protocol"] != nil && !hasToken(request["Sec-Websocket-Protocol"], only("Sec-Websocket-Protocol")):
		return errors.New("the upstream chose a subprotocol that was not offered")
	}
	return nil
}

// hasToken looks into a list of tokens over several lines.
func hasToken(lines []string, token string) bool {
	return token != "" && slices.ContainsFunc(lines, func(line string) bool {
		for t := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.Trim(t, " \t"), token) {
				return true
			}
		}
		return false
	})
}
