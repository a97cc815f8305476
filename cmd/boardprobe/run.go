package main

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/boardprobe/boardprobe/probe"
	"github.com/boardprobe/boardprobe/probe/decode/pseudonym"
	"github.com/boardprobe/boardprobe/report"
	"github.com/boardprobe/boardprobe/report/require"
	"github.com/boardprobe/boardprobe/report/seal"
)

const version = "0.1.0"

// Exit statuses, the same in all commands.
const (
	exitOK      = 0
	exitTrouble = 2
)

// settings are the flags.
type settings struct {
	out, root, key, pseudonymKey, only, exit string
	labels                                   []string
	timeout                                  time.Duration
	quiet, showVersion                       bool
}

func flags(s *settings) *flag.FlagSet {
	f := flag.NewFlagSet("boardprobe", flag.ContinueOnError)
	f.StringVar(&s.out, "o", "", "write the package to this `FILE` or folder (default: a temporary folder)")
	f.StringVar(&s.root, "root", "", "read the recorded files below `DIR` instead of this machine")
	f.StringVar(&s.key, "key", "ephemeral", "sign with this PKCS#8 PEM `FILE`, or with an ephemeral key")
	f.StringVar(&s.pseudonymKey, "pseudonym-key", "", "`FILE` with the key of the pseudonyms (default: random, so that runs cannot be compared by identity)")
	f.StringVar(&s.only, "only", "", "run only these sections, as in `cpu,memory`")
	f.Func("label", "state something that cannot be read, as in hw=B2 (`K=V`, may be repeated)", func(v string) error {
		if k, _, ok := strings.Cut(v, "="); !ok || k == "" || len(v) > 128 || strings.ContainsFunc(v, func(c rune) bool { return c < ' ' || c > '~' }) {
			return errors.New("want K=V in at most 128 printable ASCII characters")
		}
		s.labels = append(s.labels, v)
		return nil
	})
	f.DurationVar(&s.timeout, "timeout", 2*time.Minute, "bound of the whole run (`D`)")
	f.StringVar(&s.exit, "exit", "verdict", "exit by the `verdict`, or 0 as soon as the package is written")
	f.BoolVar(&s.quiet, "q", false, "print no line per section and no table")
	f.BoolVar(&s.showVersion, "version", false, "print the version")
	return f
}

func run(args []string, stdout, stderr io.Writer) int {
	var s settings
	f := flags(&s)
	f.SetOutput(io.Discard)
	switch err := f.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintln(stdout, "usage: boardprobe [flags]\n\nTakes the inventory of this board and leaves it as one signed file.")
		f.SetOutput(stdout)
		f.PrintDefaults()
		return exitOK
	case err != nil:
		return fail(stderr, err, "boardprobe -h lists the flags")
	case f.NArg() > 0:
		return fail(stderr, fmt.Errorf("unexpected argument %q", f.Arg(0)), "boardprobe -h lists the flags")
	case s.exit != "verdict" && s.exit != "written":
		return fail(stderr, fmt.Errorf("-exit %s: want verdict or written", s.exit), "")
	}
	if s.showVersion {
		fmt.Fprintln(stdout, "boardprobe", version)
		return exitOK
	}
	signer, err := signerOf(s.key)
	if err != nil {
		return fail(stderr, err, "-key takes ephemeral or an Ed25519 key: openssl genpkey -algorithm ed25519")
	}
	opt := probe.Options{Root: s.root, Key: pseudonym.NewKey()}
	if s.pseudonymKey != "" {
		text, err := os.ReadFile(s.pseudonymKey)
		if err == nil {
			opt.Key, err = pseudonym.ParseKey(text)
		}
		if err != nil {
			return fail(stderr, err, "the key is 64 hexadecimal digits: openssl rand -hex 32")
		}
	}
	if s.only != "" {
		opt.Only = strings.Split(s.only, ",")
		for _, name := range opt.Only {
			if !slices.Contains(probe.Sections(), name) {
				return fail(stderr, fmt.Errorf("-only: no section %q", name), "sections: "+strings.Join(probe.Sections(), " "))
			}
		}
	}
	if s.root != "" {
		if _, err := os.Stat(s.root); err != nil {
			return fail(stderr, err, "")
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.timeout)
	defer cancel()
	started := time.Now()
	evidence, err := collect(ctx, opt, func(e report.Evidence) {
		if !s.quiet {
			fmt.Fprintf(stderr, "boardprobe: %-13s %s\n", e.Section, strings.TrimSpace(e.Subject+" "+e.Text))
		}
	})
	if err != nil {
		return fail(stderr, err, "")
	}
	r := probe.Build(context.Background(), evidence)
	r.Run = runBlock(started, opt.Key, s.labels)
	r.Run.Name = r.PackageName()
	findings := require.Check(r)
	data, err := pack(r, evidence, findings, signer)
	if err != nil {
		return fail(stderr, err, "")
	}
	place, err := write(s.out, r.Run.Name, data)
	if err != nil {
		return fail(stderr, err, "-o names a folder with room for the package")
	}
	if !s.quiet {
		words := fmt.Sprintf("by %s key %s (nobody vouches for it)", signer.Kind(), signer.KeyID())
		fmt.Fprint(stderr, require.Table(r, findings, require.TableOptions{Signed: words}))
		fmt.Fprintf(stderr, "%-12s %s  %d kB\n", "package", r.Run.Name, (len(data)+999)/1000)
	}
	fmt.Fprintln(stdout, place)
	if s.exit == "written" {
		return exitOK
	}
	return require.Status(findings, require.FailOn{})
}

// fail prints one line, and perhaps what to do about it.
func fail(stderr io.Writer, err error, hint string) int {
	fmt.Fprintf(stderr, "boardprobe: %v\n", err)
	if hint != "" {
		fmt.Fprintf(stderr, "boardprobe: hint: %s\n", hint)
	}
	return exitTrouble
}

func signerOf(key string) (*seal.Signer, error) {
	if key == "ephemeral" {
		return seal.NewEphemeral(rand.Reader)
	}
	text, err := os.ReadFile(key)
	if err != nil {
		return nil, err
	}
	return seal.ParseKey(text)
}

// built is before any run of this version; a clock that says less is wrong.
var built = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func runBlock(started time.Time, key pseudonym.Key, labels []string) report.Run {
	var id [5]byte
	rand.Read(id[:])
	text := base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").EncodeToString(id[:])
	clock := "untrusted"
	if started.Before(built) {
		clock = "implausible"
	}
	build := runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				build = s.Value + " " + build
			}
		}
	}
	return report.Run{
		ID: text[:4] + "-" + text[4:], Started: started.UTC().Format(time.RFC3339), Clock: clock, Millis: time.Since(started).Milliseconds(),
		Probe: version, Build: build, PseudonymKey: key.ID(), Labels: labels,
	}
}

// pack signs the report and everything it rests on into one file.
func pack(r *report.Report, evidence []report.Evidence, findings []require.Finding, signer *seal.Signer) ([]byte, error) {
	record, err := report.EncodeEvidence(evidence)
	if err != nil {
		return nil, err
	}
	contents, err := seal.Contents(signer, []seal.Member{{Name: "evidence.json", Data: record}})
	if err != nil {
		return nil, err
	}
	for _, d := range seal.Digests(contents) {
		r.Members = append(r.Members, report.Member(d))
	}
	document, err := report.Encode(r)
	if err != nil {
		return nil, err
	}
	verdicts := map[string]require.Verdict{}
	for _, f := range findings {
		if f.Group == "requirement" {
			verdicts[f.ID] = f.Verdict
		}
	}
	predicate, err := json.Marshal(struct {
		Probe       string                     `json:"probe"`
		Run         string                     `json:"run"`
		Signer      string                     `json:"signer"`
		Fingerprint string                     `json:"fingerprint"`
		Verdicts    map[string]require.Verdict `json:"verdicts"`
	}{r.Run.Probe, r.Run.ID, signer.Kind(), r.Fingerprint.Value, verdicts})
	if err != nil {
		return nil, err
	}
	return seal.Pack(document, contents, predicate, signer)
}

// write leaves the package under its name without overwriting anything. out is
// a folder, a file, or empty for a temporary folder.
func write(out, name string, data []byte) (string, error) {
	if out == "" {
		dir, err := os.MkdirTemp("", "boardprobe-")
		if err != nil {
			return "", err
		}
		out = dir
	}
	place := out
	if info, err := os.Stat(out); err == nil && info.IsDir() {
		place = filepath.Join(out, name)
	}
	f, err := os.OpenFile(place, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		os.Remove(place)
		return "", err
	}
	return place, nil
}
