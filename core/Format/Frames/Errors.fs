// The errors of bytes on disk, each case with its cause and remedy. FORMAT.md, "Recovery".
// Returned as values by every other file of this project; the facade turns them into exceptions.
namespace Refold.Format

open Refold.Core
open Refold

/// Reading bytes of a segment. Torn is not corrupt: a torn tail is what an interrupted write leaves, and a writer heals it;
/// corrupt bytes were whole once, and are refused. All offsets in bytes from the start of the file.
[<RequireQualifiedAccess>]
type internal FrameError =
    /// The bytes end inside a frame or a batch: an interrupted write. Remedy: open for writing, which cuts the tail.
    | Torn of offset: int64 * reason: string
    /// The bytes are not what was written. Remedy: restore a backup, or export with salvage.
    | Corrupt of offset: int64 * what: string * expected: string * found: string
    /// The file was written by a newer format version. Remedy: a newer program.
    | FutureVersion of found: int * supported: int
    /// The file was written by an earlier format version that is not read any more. Remedy: export with the earlier program, import with
    /// this one.
    | PastVersion of found: int
    /// The file is no Refold segment at all, or one of another journal.
    | Foreign of reason: string

    /// One sentence without a full stop.
    override this.ToString() =
        match this with
        | Torn(offset, reason) -> "torn at offset " + Numbers.text offset + ": " + reason
        | Corrupt(offset, what, expected, found) ->
            "corrupt at offset " + Numbers.text offset + ": " + what + " is " + found + ", expected " + expected
        | FutureVersion(found, supported) ->
            "format version "
            + Numbers.text (int64 found)
            + " is newer than this program's "
            + Numbers.text (int64 supported)
        | PastVersion found ->
            "format version "
            + Numbers.text (int64 found)
            + " is not read any more; export the journal with the version of Refold that wrote it, and import the lines"
        | Foreign reason -> "not a segment of this journal: " + reason
