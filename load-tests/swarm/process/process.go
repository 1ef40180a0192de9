// Package process reads what processes of this machine used, from /proc.
package process

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// USER_HZ: the kernel gives it in this unit to user space on every architecture that we run on.
const clockTicksPerSecond = 100

// Seconds reads user and system time of processes, all threads together; processes that are gone are left out.
func Seconds(processes []int) map[string]float64 {
	used := map[string]float64{}
	for _, process := range processes {
		raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", process))
		if err != nil {
			continue
		}
		// After the name in parentheses, which may hold spaces: fields 3 and on; utime and stime are 14 and 15.
		fields := strings.Fields(string(raw[strings.LastIndexByte(string(raw), ')')+1:]))
		if len(fields) < 13 {
			continue
		}
		user, _ := strconv.ParseInt(fields[11], 10, 64)
		system, _ := strconv.ParseInt(fields[12], 10, 64)
		used[strconv.Itoa(process)] = float64(user+system) / clockTicksPerSecond
	}
	return used
}

// Memory is what is resident of each process, in bytes; processes that are gone are left out.
func Memory(processes []int) map[string]int64 {
	resident := map[string]int64{}
	for _, process := range processes {
		raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", process))
		if err != nil {
			continue
		}
		if fields := strings.Fields(string(raw)); len(fields) > 1 {
			pages, _ := strconv.ParseInt(fields[1], 10, 64)
			resident[strconv.Itoa(process)] = pages * int64(os.Getpagesize())
		}
	}
	return resident
}
