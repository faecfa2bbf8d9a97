// Package configure is how administrators' pages read and change the settings document.
//
// A page reads the newest version, takes the fragments it shows, and hands back a Draft: changes of single paths and the version
// they were made from. Propose says what the draft would make of the document, what is wrong with it and which permissions it needs;
// Save makes it the next version. The page between the two, which shows the differences, keeps the draft in a hidden field (Hold, Held):
// what is saved is what was shown, and a secret is typed once. Import and Revert are drafts, too; Compare, History and Export work on
// versions that are there.
//
//	Read ──► page ──► Draft ──► Propose ──► page ──► Held ──► Save ──► version n+1
//	                    ▲          differences, problems, findings │
//	                    └────────────── *ConflictError ◄───────────┘
//
//	now, _ := s.Read(ctx)
//	found, err := now.Fragment("authenticators.totp", &config)      // or now.Value(path), for form.Fill
//	d := Draft{After: now.Number, Changes: []Change{{Path: "authenticators.totp", Value: config}}}
//	p, err := s.Propose(ctx, by, d)                                 // p.Lines, p.Problems, p.Findings, p.Needs, p.Saves()
//	field, err := s.Hold(by, d)                                     // in the page that shows p
//	d, err = s.Held(by, field); v, err := s.Save(ctx, by, d, reason) // behind its button
//
// A path is keys joined by dots with positions in brackets: policies[2].reset.count, directories[0].ad. A key that holds a dot
// itself is found all the same when it is there (labels.corp.example.com); Key writes one that is not there yet.
//
// Invariants:
//
//   - The document stays the text people wrote. What a change does not touch keeps every byte: comments, order, quotes, line ends.
//     Within what it touches, the keys and items that say the same as before keep theirs too, so a page may hand back a whole policy
//     of which one number changed. A text that cannot be edited so (anchors) is refused, never rewritten.
//   - Nothing is saved that settings.Manager would refuse, that the linter calls an error, or that was made from a version that is
//     not the newest any more. Nobody's change is merged into another's silently: the conflict says who changed what meanwhile.
//   - Every version has an author and a reason. Whoever saves it has the permissions of every key that differs (role.ForSetting).
//   - A secret never comes back. Fragments hold form.Kept in its place, differences say that it changed and no more. A new one is
//     given as secret.Text and sealed here; {sealed: form.Kept} keeps what is saved, whether sealed or named, or nothing where
//     nothing is.
//   - A secret goes only where it was meant to go (CVE-2024-5967). A saved secret, whether sealed or in a file or variable, is taken
//     in the place it has only: beside the same servers, tenant and certificates. Changing one of those asks for the secret itself
//     again; naming it in another place, or a file or variable that was not named before, is refused. Which keys count is said by
//     the plug-in (form.Field.Bound), and all do where nobody says otherwise; what stands for a secret without being one (a token
//     file) counts as one (form.Field.Credential). Who may use the command line may do all of it.
//   - A version that was in force may be reverted to as it is: its secrets go where they went then.
//   - While version control owns the settings (settings_locked) pages may look, propose and compare, and save nothing.
package configure
