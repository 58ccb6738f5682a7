// Copyright 2026 The Gondola Authors
// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// inNamespace gives the command's process a user and a network namespace of its own; loopback is down in it.
func inNamespace(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
}

// becomeProgram runs in the child: it brings loopback up and replaces the process by the program. It only returns to fail.
func becomeProgram(args []string) error {
	if err := loopbackUp(); err != nil {
		return fmt.Errorf("loopback: %w", err)
	}
	if len(args) == 0 {
		return nil
	}
	return syscall.Exec(args[0], args, os.Environ())
}

// loopbackUp asks the kernel, over netlink, to set the flag UP of interface 1.
func loopbackUp() error {
	fd, err := syscall.Socket(syscall.AF_NETLINK, syscall.SOCK_RAW|syscall.SOCK_CLOEXEC, syscall.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer syscall.Close(fd)
	const loopback, size = 1, syscall.SizeofNlMsghdr + syscall.SizeofIfInfomsg
	order := binary.NativeEndian
	msg := make([]byte, 0, size)
	msg = order.AppendUint32(msg, size)
	msg = order.AppendUint16(msg, syscall.RTM_NEWLINK)
	msg = order.AppendUint16(msg, syscall.NLM_F_REQUEST|syscall.NLM_F_ACK)
	msg = order.AppendUint64(msg, 1)              // sequence number, sender
	msg = append(msg, syscall.AF_UNSPEC, 0, 0, 0) // family, padding, type
	msg = order.AppendUint32(msg, loopback)       // index
	msg = order.AppendUint32(msg, syscall.IFF_UP) // flags
	msg = order.AppendUint32(msg, syscall.IFF_UP) // which of them to change
	if err := syscall.Sendto(fd, msg, 0, &syscall.SockaddrNetlink{Family: syscall.AF_NETLINK}); err != nil {
		return err
	}
	answer := make([]byte, 4096)
	n, _, err := syscall.Recvfrom(fd, answer, 0)
	if err != nil {
		return err
	}
	if n < syscall.SizeofNlMsghdr+4 {
		return errors.New("short netlink answer")
	}
	if code := int32(order.Uint32(answer[syscall.SizeofNlMsghdr:])); code != 0 {
		return syscall.Errno(-code)
	}
	return nil
}
