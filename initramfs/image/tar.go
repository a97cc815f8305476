package image

import (
	"archive/tar"
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Bounds of a tar file. What is needed from it is kept in memory.
const (
	maxTarBytes  = 16 << 30 // unpacked
	maxTarKept   = 1 << 30
	maxTarMember = 512 << 20
)

// ReadTar makes a tree of a tar file or a package of Debian; see OpenTree. The name is
// for messages. What links lead to outside of lib/firmware is read in a second pass, if
// the file can be read again.
func ReadTar(name string, r io.ReadSeeker, kind Kind) (*Tree, error) {
	return readTar(name, r, kind, maxTarBytes, maxTarKept)
}

func readTar(name string, r io.ReadSeeker, kind Kind, maxBytes, maxKept int64) (*Tree, error) {
	l := tarLoader{tree: newTree(name, kind), left: maxKept}
	if err := l.pass(r, maxBytes); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	root, err := l.tree.chooseRoot()
	if err != nil {
		return nil, err
	}
	if l.inRoot {
		l.astray = l.tree.astray(root)
	}
	if len(l.astray) > 0 {
		if _, err := r.Seek(0, io.SeekStart); err == nil { // a pipe is read once, and these links are lost
			if err := l.pass(r, maxBytes); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return l.tree, l.tree.setRoot(root)
}

// pass reads the file from its beginning.
func (l *tarLoader) pass(r io.Reader, maxBytes int64) error {
	data, err := packageData(r)
	if err != nil {
		return err
	}
	d, err := decompress(data)
	if err != nil {
		return err
	}
	defer d.Close()
	limited := &io.LimitedReader{R: d, N: maxBytes}
	buffered := bufio.NewReaderSize(limited, foreignHeadBytes)
	head, _ := buffered.Peek(foreignHeadBytes) // a shorter file is told by what is there
	members := tar.NewReader(buffered)
	for n := 0; ; n++ {
		header, err := members.Next()
		switch what := foreignFormat(head); {
		case err != nil && n == 0 && what != "": // one that begins with zeros is an empty tar file, too
			return fmt.Errorf("it is %s; give a folder, a tar file or a package of Debian with the %s", what, l.tree.kind)
		case errors.Is(err, io.EOF) && limited.N > 0:
			return nil
		case err == nil && n >= maxTreeFiles:
			err = fmt.Errorf("more than %d files", maxTreeFiles)
		case err == nil:
			err = l.member(header, members)
		}
		if limited.N <= 0 { // whatever the error, this is why
			return fmt.Errorf("more than %d GiB unpacked; unpack it and give the folder", maxBytes>>30)
		}
		if err != nil && n == 0 {
			return fmt.Errorf("neither a tar file, as it is or compressed with gzip, bzip2, xz or zstd, nor a package of Debian: %w", err)
		}
		if err != nil {
			return fmt.Errorf("not a usable tar file: %w", err)
		}
	}
}

type tarLoader struct {
	tree   *Tree
	left   int64 // bytes that may still be kept
	inRoot bool  // a lib/firmware was seen: it is a root file system
	// astray are the places of the second pass, nil in the first.
	astray map[string]bool
}

func (l *tarLoader) member(header *tar.Header, r io.Reader) error {
	name, err := memberName(header.Name)
	if err != nil || name == "." || l.astray != nil && !l.isAstray(name) {
		return err
	}
	// A later member replaces an earlier one of the same name.
	if l.astray == nil {
		l.drop(name)
	}
	switch header.Typeflag {
	case tar.TypeReg:
		if release := configOf(name); release != "" && l.tree.kind == ModuleTree && header.Size <= maxConfigBytes {
			data, err := io.ReadAll(r)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			l.tree.keepConfig(release, data)
			return nil
		}
		l.tree.notice(name)
		if name == "debian-binary" {
			return errors.New("a package of opkg: unpack it and give the data.tar file in it")
		}
		if !l.wanted(name) {
			return nil
		}
		if header.Size > maxTarMember || header.Size > l.left {
			return fmt.Errorf("%s: %d bytes are more than can be kept in memory; unpack it and give the folder", name, header.Size)
		}
		data := bytes.NewBuffer(make([]byte, 0, min(header.Size, 1<<20)+bytes.MinRead))
		if _, err := io.Copy(data, r); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		l.left -= int64(data.Len())
		l.tree.files[name] = file{size: int64(data.Len()), data: data.Bytes()}
	case tar.TypeLink:
		// A hard link names an earlier member.
		target, err := memberName(header.Linkname)
		if err != nil {
			return err
		}
		if f, ok := l.tree.files[target]; ok {
			l.tree.files[name] = f
		} else if l.astray == nil && l.wanted(name) { // of a file that was not kept, as of any link that leads away
			l.tree.links[name] = "/" + target
		}
	case tar.TypeSymlink:
		l.tree.links[name] = header.Linkname
	}
	return nil
}

func (l *tarLoader) drop(name string) {
	delete(l.tree.files, name)
	delete(l.tree.links, name)
}

// isAstray reports whether a link leads to a member, or to a folder above it.
func (l *tarLoader) isAstray(name string) bool {
	for ; name != "."; name = path.Dir(name) {
		if l.astray[name] {
			return true
		}
	}
	return false
}

// wanted says whether a file is kept. A root file system holds much else.
func (l *tarLoader) wanted(name string) bool {
	base := path.Base(name)
	if l.tree.kind == ModuleTree {
		return isModuleFile(base)
	}
	if l.astray != nil {
		return true
	}
	inside := strings.Contains("/"+name, "/lib/firmware/")
	if inside && !l.inRoot {
		l.inRoot = true
		for other, f := range l.tree.files {
			if !strings.Contains("/"+other, "/lib/firmware/") {
				l.left += f.size
				delete(l.tree.files, other)
			}
		}
	}
	return inside || !l.inRoot
}

// memberName cleans the name of a member and refuses names that lead out of
// the archive.
func memberName(name string) (string, error) {
	clean := path.Clean(name)
	if slices.Contains(strings.Split(name, "/"), "..") || strings.ContainsRune(name, 0) || !fs.ValidPath(clean) || len(name) >= maxPath {
		return "", fmt.Errorf("member %.100q: not a path inside of the archive", name)
	}
	if strings.Count(clean, "/") > maxTreeDepth {
		return "", fmt.Errorf("member %.100q: more than %d folders deep", name, maxTreeDepth)
	}
	return clean, nil
}
