// Package operate keeps the installation running: what waits in the job queue and what was given up there, the keys that seal what is
// stored, and the checks of everything a reset depends on.
//
// Invariants:
//
//   - Nobody is shown what a message says or what a job holds beyond whom or what it is for.
//   - A job that runs is left alone. Trying again loses no record of the tries before; to drop is final.
//   - What somebody did is recorded with their name and reason, in one transaction with it, but for keys, where the record comes first.
//   - One checkup is under way at a time, on whichever replica it was asked for; every replica shows how far it is. One that says
//     nothing for LostAfter has ended with its replica.
package operate
