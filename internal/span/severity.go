package span

import "strings"

// Severity is a log record's severity number, 1 to 24, or 0 where there is none: four
// for each name, so that sources with more levels keep their order.
// https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber
type Severity uint8

// MaxSeverity is the greatest one.
const MaxSeverity Severity = 24

var severityNames = [...]string{"trace", "debug", "info", "warn", "error", "fatal"}

// String is the severity's name, such as warn, with the number behind it for those in
// between, such as warn2; "" for none.
func (s Severity) String() string {
	if s == 0 || s > MaxSeverity {
		return ""
	}
	name := severityNames[(s-1)/4]
	if n := (s - 1) % 4; n > 0 {
		name += string('1' + rune(n))
	}
	return name
}

// ParseSeverity is the inverse of String for any case; it also knows the names warning,
// err and critical that many sources have.
func ParseSeverity(text string) (Severity, bool) {
	text = strings.ToLower(text)
	n := Severity(0)
	if i := len(text) - 1; i > 0 && text[i] >= '1' && text[i] <= '4' {
		n, text = Severity(text[i]-'1'), text[:i]
	}
	switch text {
	case "warning":
		text = "warn"
	case "err":
		text = "error"
	case "critical":
		text = "fatal"
	}
	for i, name := range severityNames {
		if name == text {
			return Severity(4*i+1) + n, true
		}
	}
	return 0, false
}
