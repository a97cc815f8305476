package deliver

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// File is what is delivered.
type File struct {
	Name  string // without folders
	Other string // the name to take if there is a file of the first; "": that is an error
	Data  []byte
	Lost  error // set by Write, of a file behind the first: why it was not written
}

// mountOptions are tried in this order: a kernel's default character set need
// not be among the ones it has.
var mountOptions = []string{"", "codepage=437,iocharset=iso8859-1", "codepage=437,iocharset=ascii", "codepage=437,iocharset=utf8"}

// ToVolume writes the files to the FAT volume on a block device, by its path,
// reads them back from the medium, and leaves it unmounted. at is a folder to
// mount it on. When it returns no error, the medium may be pulled out.
func ToVolume(device, at string, files []File) error {
	if err := os.MkdirAll(at, 0o700); err != nil {
		return err
	}
	if err := mount(device, at, 0); err != nil {
		return err
	}
	err := Write(at, files)
	if err := errors.Join(err, unmount(at)); err != nil {
		return err
	}
	// What the page cache holds says nothing about a failing stick, and
	// unmounting has emptied it.
	if err := mount(device, at, unix.MS_RDONLY); err != nil {
		return err
	}
	return errors.Join(verify(at, files), unmount(at))
}

func mount(device, at string, flags uintptr) error {
	flags |= unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC | unix.MS_NOATIME
	var failed error
	for _, options := range mountOptions {
		err := unix.Mount(device, at, "vfat", flags, options)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, unix.ENODEV):
			return errors.New("this kernel has no vfat: it needs the modules fat, vfat and nls_cp437")
		case failed == nil:
			failed = err
		}
	}
	if errors.Is(failed, unix.EROFS) || errors.Is(failed, unix.EACCES) {
		return fmt.Errorf("%s is write-protected", filepath.Base(device))
	}
	return fmt.Errorf("mount %s: %w", filepath.Base(device), failed)
}

func unmount(at string) error {
	unix.Sync()
	if err := unix.Unmount(at, 0); err != nil {
		unix.Unmount(at, unix.MNT_DETACH) // so that nothing more is written
		return fmt.Errorf("unmount: %w", err)
	}
	return nil
}

// Write writes the files into a folder, each under a temporary name first, so
// that a file with its own name is whole. Nothing that is there is replaced. On
// return the files say under which names they were written. The first must be
// written; of the others that cannot be, Lost says why.
func Write(dir string, files []File) error {
	for i := range files {
		f := &files[i]
		if f.Other != "" && exists(filepath.Join(dir, f.Name)) {
			f.Name, f.Other = f.Other, ""
		}
		err := write(dir, *f)
		if place := (*fs.PathError)(nil); errors.As(err, &place) {
			err = place.Err // the name is a temporary one
		}
		switch {
		case err == nil:
		case i > 0:
			f.Lost = err
		default:
			return fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer folder.Close()
	return folder.Sync()
}

func exists(name string) bool {
	_, err := os.Lstat(name)
	return !errors.Is(err, fs.ErrNotExist)
}

func write(dir string, file File) error {
	if file.Name == "" || file.Name != filepath.Base(file.Name) {
		return errors.New("not the name of a file")
	}
	if exists(filepath.Join(dir, file.Name)) {
		return fs.ErrExist
	}
	f, err := os.CreateTemp(dir, "probe*.tmp")
	if err != nil {
		return err
	}
	_, err = f.Write(file.Data)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, file.Name))
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// verify compares what is in the folder with what was to be written.
func verify(dir string, files []File) error {
	for _, file := range files {
		if file.Lost != nil {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, file.Name))
		if err != nil {
			return err
		}
		if !bytes.Equal(data, file.Data) {
			return fmt.Errorf("%s: the medium gives back other bytes than were written", file.Name)
		}
	}
	return nil
}
