package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/boardprobe/boardprobe/cmd/internal/infile"
	"github.com/boardprobe/boardprobe/cmd/internal/screen"
	"github.com/boardprobe/boardprobe/initramfs/boot"
	"github.com/boardprobe/boardprobe/probe"
	"github.com/boardprobe/boardprobe/probe/decode/pseudonym"
	"github.com/boardprobe/boardprobe/report/require"
	"github.com/boardprobe/boardprobe/report/seal"
)

// imageRole is the name under which the first process of the image starts this
// program to make the report.
const imageRole = "boardprobe-image"

// imageMain does a job of the image: it leaves a package and the texts for
// people in a folder. Nothing in the image is a reason to leave nothing: a key
// or a label that is wrong is told and left out.
func imageMain(stdin io.Reader, console io.Writer) int {
	stderr := screen.New(console)
	var job boot.Job
	if err := json.NewDecoder(stdin).Decode(&job); err != nil {
		return fail(stderr, fmt.Errorf("the job of the image: %w", err), "")
	}
	signer, err := signerOf("ephemeral")
	if err != nil {
		return fail(stderr, err, "")
	}
	opt := probe.Options{Key: pseudonym.NewKey(), Active: job.Active, MMIO: job.MMIO, Timeout: sectionTime(job.Timeout)}
	if job.PseudonymKey != "" {
		if key, err := readPseudonymKey(job.PseudonymKey); err == nil {
			opt.Key = key
		} else {
			fail(stderr, err, "")
		}
	}
	var labels []string
	for _, label := range job.Labels {
		if err := probe.CheckLabel(label); err != nil {
			fail(stderr, fmt.Errorf("kernel parameter boardprobe.label=%s: %w", label, err), "")
			continue
		}
		labels = append(labels, label)
	}
	ticket := job.Ticket
	if ticket != "" {
		if err := probe.CheckTicket(ticket); err != nil {
			fail(stderr, fmt.Errorf("ticket: %w", err), "")
			ticket = ""
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), job.Timeout)
	defer cancel()
	e, err := evaluate(ctx, order{options: opt, signer: signer, ticket: ticket, labels: labels}, &progress{out: stderr, how: every})
	if err != nil {
		return fail(stderr, err, "")
	}
	// The package comes last: where it is, everything is.
	err = errors.Join(
		os.WriteFile(filepath.Join(job.Folder, boot.ResultName), []byte(e.table), 0o644),
		os.WriteFile(filepath.Join(job.Folder, boot.QuestionsName), []byte(require.Questions(e.report, e.findings)), 0o644),
		os.WriteFile(filepath.Join(job.Folder, boot.BlockName), seal.EncodeArmour(e.report.Run.Name, e.report.Run.ID, e.packed), 0o644),
	)
	if err == nil {
		_, err = write(job.Folder, e.report.Run.Name, e.packed)
	}
	if err != nil {
		return fail(stderr, err, "")
	}
	return exitOK
}

func readPseudonymKey(name string) (pseudonym.Key, error) {
	text, err := infile.Read(name, infile.MaxKey)
	if err != nil {
		return pseudonym.Key{}, err
	}
	return pseudonym.ParseKey(text)
}
