package rtc

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"time"
)

const tokenLife = 60 * time.Second

// MediaTokens returns a source of fresh media tokens (HS256), as api would issue them: each of a viewer of its own, all of
// the same publisher.
func MediaTokens(secret, streamID, right string) func() string {
	publisher := "load-" + RandomHex(8)
	return func() string {
		now, person := time.Now(), publisher
		if right == "watch" {
			person = "load-" + RandomHex(8)
		}
		claims, err := json.Marshal(map[string]any{
			"sub": person, "streamId": streamID, "right": right, "jti": RandomHex(8),
			"iat": now.Unix(), "exp": now.Add(tokenLife).Unix(),
		})
		if err != nil {
			panic(err) // strings and numbers always encode
		}
		encode := base64.RawURLEncoding.EncodeToString
		unsigned := encode([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + encode(claims)
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(unsigned))
		return unsigned + "." + encode(mac.Sum(nil))
	}
}

// RandomHex returns 2n hexadecimal digits.
func RandomHex(n int) string {
	bytes := make([]byte, n)
	_, _ = rand.Read(bytes) // never fails since Go 1.24
	return hex.EncodeToString(bytes)
}
