package record

import (
	"encoding/json"
	"errors"
	"fmt"
)

func readInputs(raw json.RawMessage) ([]Input, error) {
	var list []json.RawMessage
	if err := readValue(raw, &list); err != nil {
		return nil, err
	}
	var inputs []Input
	for i, raw := range list {
		in, err := readInput(raw)
		if err != nil {
			return nil, fmt.Errorf("input %d: %w", i, err)
		}
		inputs = append(inputs, in)
	}
	return inputs, nil
}

func readInput(raw json.RawMessage) (in Input, err error) {
	err = eachMember(raw, func(name string, raw json.RawMessage) (err error) {
		switch name {
		case "name":
			in.Name, err = readText(raw)
		case "value":
			var ok bool
			if in.Value, ok = appendValue(nil, raw); !ok {
				err = errors.New("longer than a recorded value can be")
			}
		case "state":
			in.State, err = readText(raw)
		case "masked":
			err = readValue(raw, &in.Masked)
		case "shadow":
			err = readValue(raw, &in.Shadow)
		default:
			err = errors.New("unknown member")
		}
		return err
	})
	if err != nil {
		return in, err
	}
	switch in.State {
	case StatePresent:
		if in.Masked == (in.Value != nil) {
			err = errors.New("present needs a value or masked, not both")
		}
	case StateInvalid:
		if in.Masked && in.Value != nil {
			err = errors.New("masked, yet it has a value")
		}
	case StateAbsent, StateUnavailable, StateConflict:
		if in.Value != nil {
			err = fmt.Errorf("%s, yet it has a value", in.State)
		}
	default:
		err = fmt.Errorf("%.100q is no state of an input", in.State)
	}
	return in, err
}
