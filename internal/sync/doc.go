// Package sync keeps a copy of what the directories hold: people, groups with their members, units. Coverage, previews, reminders
// and search read it; a decision about a person reads the directory itself, and the copy only where settings allow it.
//
// A directory is read in passes. A full pass takes over everything and, at its end, marks as gone what it was not told of; a pass for
// changes goes on where the last one ended.
//
//	idle ──due──▶ full | changes ──page, page, …──▶ end ──▶ idle
//	                    │  ▲    └── ErrCursorGone ──▶ full, from the beginning
//	                    │  └─────── next turn, from the cursor of the last page
//	                    ├── error: failed ──┤
//	                    └── too many gone: held, until approved or fewer
//
// Invariants:
//
//   - A page and the cursor behind it are stored in one transaction: whatever dies, the next turn goes on behind the last page.
//   - One process at a time works on a directory; the lock lives on the connection that stores.
//   - The number of a pass only grows, and stays while the pass is taken up again. What a pass tells carries its number.
//   - Objects are known by their identifier. A rename changes a row; a re-created account is another row and inherits nothing.
//   - Nothing here touches enrollments. Who is gone is kept, marked with the time, and forgotten after the time set.
//   - No more people than settings allow are marked as gone within a day unless somebody confirmed that very pass.
//   - What is held of a directory that the newest settings do not name is dropped, some time after it was last read.
//   - Three pages at most are in memory.
package sync
