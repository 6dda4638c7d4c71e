package tss

import (
	"os"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// name is the one that was given, else the type, else the first line of the command.
func (s *TaskSpec) name() string {
	if s.Name != "" || s.Type != "" && s.Command == "" && s.Argv == nil {
		return firstText(s.Name, s.Type)
	}
	line, _, _ := strings.Cut(strings.TrimSpace(firstText(s.Command, strings.Join(s.Argv, " "))), "\n")
	line = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, line)
	if utf8.RuneCountInString(line) > nameCharacters {
		line = string([]rune(line)[:nameCharacters])
	}
	return line
}

func firstText(one, other string) string {
	if one != "" {
		return one
	}
	return other
}

var traceparent = regexp.MustCompile(`^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$`)

// traceparent takes from the environment only what W3C Trace Context allows: others' mistakes refuse no task.
func (s *TaskSpec) traceparent() string {
	if s.Traceparent != "" {
		return s.Traceparent
	}
	if inherited := os.Getenv("TRACEPARENT"); traceparent.MatchString(inherited) {
		return inherited
	}
	return ""
}
