// Package words is what the web program hands off and the worker runs: one definition, imported by both.
package words

import tss "github.com/tss/tss/sdk/go"

// Text is what is to be counted.
type Text struct {
	Text string `json:"text"`
}

// Count is the result.
type Count struct {
	Words int `json:"words"`
}

// CountWords is the kind of work.
var CountWords = tss.NewTaskType[Text, Count]("text.count-words")
