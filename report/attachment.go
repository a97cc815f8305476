package report

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// attached is the list of questions whose answer a package holds as a file of its
// own, for whoever wants to read it without this program. A row that is added
// needs a new RecordMinor: the form of older packages is checked, too.
func attached() map[string]string {
	return map[string]string{
		"kernel-config/1": attachments + "kernel.config",
		"tree-nodes/1":    attachments + "device-tree.jsonl",
	}
}

// attachments is how the names of such members begin.
const attachments = "attachments/"

// Detach takes the answers out of the evidence that become members of the package,
// and returns both. Of several answers to one of these questions it is the first.
func Detach(evidence []Evidence) (rest []Evidence, members map[string][]byte) {
	rest, members = append(rest, evidence...), map[string][]byte{}
	for i := range rest {
		e := &rest[i]
		name, ok := attached()[e.Op]
		if _, taken := members[name]; !ok || taken || len(e.Bytes()) == 0 {
			continue
		}
		members[name] = e.Bytes()
		e.Text, e.Data, e.Attachment = "", nil, name
	}
	return rest, members
}

// Attach puts the members of a package back into its evidence. Every record that
// names one, and every member that begins with attachments/, needs the other; a
// record of a newer minor version may place its answers otherwise.
func Attach(r Record, members map[string][]byte) ([]Evidence, error) {
	whole := append([]Evidence{}, r.Evidence...)
	for i := range whole {
		e := &whole[i]
		if e.Attachment == "" {
			continue
		}
		data, ok := members[e.Attachment]
		if !ok || !strings.HasPrefix(e.Attachment, attachments) || len(data) > MaxAnswerBytes {
			return nil, fmt.Errorf("evidence %s: no member %.100q that can be its answer", e.ID, e.Attachment)
		}
		e.Attachment = ""
		e.SetBytes(data)
	}
	if r.Newer() {
		return whole, nil
	}
	rest, again := Detach(whole)
	for name := range members {
		if strings.HasPrefix(name, attachments) && again[name] == nil {
			return nil, fmt.Errorf("member %.100q is the answer to no question", name)
		}
	}
	if !reflect.DeepEqual(rest, append([]Evidence{}, r.Evidence...)) {
		return nil, errors.New("evidence.json: an answer is not where the probe puts it")
	}
	return whole, nil
}
