package talk

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"time"

	"walnut-live/swarm/rtc"
)

const tokenLife = 100 * time.Second

// roomToken is what api answers to a join (HS256, audience "room").
func roomToken(secret, roomID string, person int) string {
	now := time.Now()
	return signed(secret, map[string]any{
		"sub": PersonID(person), "kind": "consumer", "name": "听众", "roomId": roomID, "role": "viewer",
		"aud": "room", "jti": rtc.RandomHex(8), "iat": now.Unix(), "exp": now.Add(tokenLife).Unix(),
	})
}

func signed(secret string, claims map[string]any) string {
	text, err := json.Marshal(claims)
	if err != nil {
		panic(err) // strings and numbers always encode
	}
	encode := base64.RawURLEncoding.EncodeToString
	unsigned := encode([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + encode(text)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(unsigned))
	return unsigned + "." + encode(mac.Sum(nil))
}
