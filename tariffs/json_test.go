package tariffs

import (
	"strings"
	"testing"
)

func canonicalOf(t testing.TB, text string) string {
	t.Helper()
	v, err := readJSON([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return string(appendCanonical(nil, v))
}

func TestCanonicalForm(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"space and order", " { \"b\" : [ 1 , -2, {} ] ,\r\n\t\"a\" : null } ", `{"a":null,"b":[1,-2,{}]}`},
		{"byte-order mark", "\ufeff[true,false]", `[true,false]`},
		// RFC 8785, section 3.2.2.2 (strings) and 3.2.3 (sorting).
		{"strings", `{"string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/"}`, "{\"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}"},
		{"control characters", `"\b\t\n\f\r\u0000\u001f\u007f"`, "\"\\b\\t\\n\\f\\r\\u0000\\u001f\u007f\""},
		{"keys by utf-16", `{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}`,
			"{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u0080\":\"Control\",\"ö\":\"Latin Small Letter O With Diaeresis\",\"€\":\"Euro Sign\",\"😀\":\"Emoji: Grinning Face\",\"\ufb33\":\"Hebrew Letter Dalet With Dagesh\"}"},
		{"greatest integer", `[9007199254740991,-9007199254740991,0]`, `[9007199254740991,-9007199254740991,0]`},
	} {
		if got := canonicalOf(t, c.text); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestJSONRefuses(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "a JSON value"},
		{"trailing", "{} {}", "follows the end"},
		{"trailing comma in array", "[1,]", "a JSON value"},
		{"trailing comma in object", `{"a":1,}`, "a key in quotes"},
		{"leading comma", `{,"a":1}`, "a key in quotes"},
		{"no colon", `{"a" 1}`, `':'`},
		{"no comma", `[1 2]`, `','`},
		{"open array", "[1", "','"},
		{"open string", `"abc`, "does not end"},
		{"open escape", `"abc\`, "escape"},
		{"duplicate key", `{"a":1,"b":2,"a":1}`, `key "a" occurs twice`},
		{"duplicate key by escape", "{\"a\":1,\n\"\\u0061\":1}", `line 2: key "a" occurs twice`},
		{"invalid utf-8", "\"\xff\"", "UTF-8"},
		{"utf-8 of a surrogate", "\"\xed\xa0\x80\"", "UTF-8"},
		{"lone high surrogate", `"\ud800"`, "surrogate"},
		{"lone low surrogate", `"\udc00"`, "surrogate"},
		{"high surrogate twice", `"\ud800\ud800"`, "surrogate"},
		{"high surrogate and text", `"\ud800a"`, "surrogate"},
		{"unknown escape", `"\x41"`, "escape"},
		{"short escape", `"\u12"`, "escape"},
		{"signed escape", `"\u+123"`, "escape"},
		{"raw control character", "\"a\nb\"", "control character"},
		{"float", "1.0", "whole numbers"},
		{"exponent", "1e2", "whole numbers"},
		{"leading zero", "01", "whole numbers"},
		{"minus zero", "-0", "whole numbers"},
		{"beyond 2^53", "9007199254740992", "whole numbers"},
		{"beyond 2^64", "99999999999999999999999", "whole numbers"},
		{"plus", "+1", "a JSON value"},
		{"not a number", "NaN", "a JSON value"},
		{"comment", "{} // x", "follows the end"},
		{"single quotes", "{'a':1}", "a key in quotes"},
		{"too deep", strings.Repeat("[", 40) + strings.Repeat("]", 40), "nested"},
		{"too long", strings.Repeat(" ", maxDocument+1), "at most"},
	} {
		_, err := readJSON([]byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
	}
}
