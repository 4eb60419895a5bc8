// What an append expects of a stream before it may be committed.
// Written by callers of an append; judged by Append.fs.
namespace Refold.Core

/// The version a stream must have for an append to be committed.
/// "No stream" is a case of its own, so that two creators of one stream can never both win.
[<RequireQualifiedAccess; Struct>]
type ExpectedVersion =
    /// Whatever the stream's version is.
    | Any
    /// The stream has never had an entry. A stream whose entries were deleted is not absent: its highest version survives.
    | NoStream
    /// The stream has had at least one entry.
    | Exists
    /// The stream's highest version is exactly this one (1 or more).
    | Exactly of version: int64

    /// "any", "no stream", "an existing stream" or "version N".
    override this.ToString() =
        match this with
        | Any -> "any"
        | NoStream -> "no stream"
        | Exists -> "an existing stream"
        | Exactly version -> "version " + Numbers.text version

/// Judging an expected version.
[<RequireQualifiedAccess>]
module ExpectedVersion =

    /// Whether a stream whose highest version is `highest` (0 where it never had an entry) meets the expectation.
    let isMetBy (highest: int64) (expected: ExpectedVersion) : bool =
        match expected with
        | ExpectedVersion.Any -> true
        | ExpectedVersion.NoStream -> highest = 0L
        | ExpectedVersion.Exists -> highest > 0L
        | ExpectedVersion.Exactly version -> highest = version && version > 0L

    /// What a stream whose highest version is `highest` is expected to be when nothing else is to come between.
    let after (highest: int64) : ExpectedVersion = if highest = 0L then ExpectedVersion.NoStream else ExpectedVersion.Exactly highest
