// Every error union of the core, grouped by the moment it can happen, each case with its cause and remedy.
// Returned as values by every other file here; the facade turns some of them into exceptions.
namespace Refold.Core

open Refold

/// Making a value: a stream id, a tag, an entry, a pin. Cause: the caller's input. Remedy: correct it; nothing was changed.
[<RequireQualifiedAccess>]
type ValueError =
    /// The value has no characters.
    | Empty of what: string
    /// The value is longer than allowed; both lengths in UTF-8 bytes.
    | TooLong of what: string * length: int * limit: int
    /// There are more values than allowed.
    | TooMany of what: string * count: int * limit: int
    /// The value has a control character at this UTF-16 index.
    | ControlCharacter of what: string * index: int
    /// The value has half a surrogate pair at this UTF-16 index, so it has no UTF-8 form.
    | LoneSurrogate of what: string * index: int
    /// The value begins with a prefix that is Refold's own.
    | Reserved of what: string * value: string
    /// Two parts of the value exclude each other.
    | Contradictory of what: string * value: string
    /// The value is outside its range.
    | OutOfRange of what: string * value: string * range: string
    /// The value cannot be read: broken JSON, a missing member, a wrong type.
    | Malformed of what: string * reason: string

    /// One sentence without a full stop.
    override this.ToString() =
        match this with
        | Empty what -> what + " is empty"
        | TooLong(what, length, limit) -> what + " has " + Numbers.text length + " bytes, at most " + Numbers.text limit + " are allowed"
        // Counting goes no further than that.
        | TooMany(what, count, limit) when count = limit + 1 ->
            "there are more " + what + " than the " + Numbers.text limit + " that are allowed"
        | TooMany(what, count, limit) -> "there are " + Numbers.text count + " " + what + ", at most " + Numbers.text limit + " are allowed"
        | ControlCharacter(what, index) -> what + " has a control character at index " + Numbers.text index
        | LoneSurrogate(what, index) -> what + " has a lone surrogate at index " + Numbers.text index
        | Reserved("stream", value) ->
            "stream '"
            + value
            + "' is Refold's own: only runs, restore, import and copy append to it; choose a name that does not begin with '$'"
        | Reserved(what, value) -> what + " '" + value + "' is reserved"
        | Contradictory(what, value) -> what + " contradict each other: " + value
        | OutOfRange(what, value, range) -> what + " is " + value + ", it must be " + range
        | Malformed(what, reason) -> what + " cannot be read: " + reason

/// Encoding or decoding a payload. Cause: a codec that does not fit the data. Remedy: a newer program, an upcast, a corrected codec.
[<RequireQualifiedAccess>]
type CodecError =
    /// The codec does not know this entry type.
    | UnknownType of typeName: string
    /// The payload was written by a newer program than this one.
    | NewerSchema of typeName: string * found: int * supported: int
    /// The payload is older than the codec, and the chain of upcasts has no step from this schema version.
    | MissingUpcast of typeName: string * fromVersion: int
    /// The payload cannot be read as this type.
    | Undecodable of typeName: string * reason: string
    /// The value has no encoded form.
    | Unencodable of typeName: string * reason: string

    /// One sentence without a full stop.
    override this.ToString() =
        match this with
        | UnknownType name -> "no codec knows the type '" + name + "'"
        | NewerSchema(name, found, supported) ->
            "'"
            + name
            + "' has schema version "
            + Numbers.text found
            + ", this program reads up to "
            + Numbers.text supported
        | MissingUpcast(name, version) -> "'" + name + "' has no upcast from schema version " + Numbers.text version
        | Undecodable(name, reason) -> "'" + name + "' cannot be decoded: " + reason
        | Unencodable(name, reason) -> "'" + name + "' cannot be encoded: " + reason

/// Appending. Cause: another writer, a broken rule, a limit. Remedy: as the case says. Nothing was appended, and never will be.
[<RequireQualifiedAccess; NoComparison>]
type AppendError =
    /// An entry, a key or the batch breaks a rule. Correct it.
    | Invalid of error: ValueError
    /// A stream does not have the expected version: somebody else appended. Read the stream again and
    /// decide anew. `actual` is 0 for no stream.
    | Conflict of stream: string * expected: ExpectedVersion * actual: int64
    /// An entry committed after the condition's `AsOf` matches its query (the first such position), or `AsOf` is
    /// outside the journal (0). Query again.
    | ConditionFailed of position: int64
    /// The idempotency key was used for other content. Use a new key.
    | KeyReused of key: string * firstPosition: int64
    /// An entry or the batch is larger than the limit. Append less at once.
    | LimitExceeded of what: string * actual: int64 * limit: int64
    /// The append demands a pass of these gates, or comes with one, and does not get through. Have the gates evaluated again.
    | PassRefused of gates: string * fault: PassFault

    /// One sentence without a full stop.
    override this.ToString() =
        match this with
        | Invalid error -> error.ToString()
        | Conflict(stream, expected, actual) ->
            "stream '"
            + stream
            + "' was expected to be "
            + expected.ToString()
            + ", it is at version "
            + Numbers.text actual
        | ConditionFailed 0L -> "the append condition was evaluated at a position that this journal does not cover"
        | ConditionFailed position -> "the append condition fails: the entry at position " + Numbers.text position + " matches"
        | KeyReused(key, position) -> "the idempotency key '" + key + "' was used for other content at position " + Numbers.text position
        // Counting goes no further than that; a size of one byte more is as it says.
        | LimitExceeded(what, actual, limit) when actual = limit + 1L && what.StartsWith("entries", System.StringComparison.Ordinal) ->
            what + " are more than " + Numbers.text limit + ", the limit"
        | LimitExceeded(what, actual, limit) -> what + " is " + Numbers.text actual + ", the limit is " + Numbers.text limit
        | PassRefused(gates, PassFault.Missing) -> "the append demands a pass of the gates '" + gates + "' and has none"
        | PassRefused(gates, PassFault.Used) ->
            "the pass of the gates '"
            + gates
            + "' was used, or another append is using it; have the gates evaluated again"
        | PassRefused(gates, PassFault.OtherProposal) ->
            "the pass of the gates '" + gates + "' was made for other entries; have the gates evaluated for these"
        | PassRefused(gates, PassFault.OtherGates) ->
            "the gates '" + gates + "' are demanded, and what lets the append through is of another set of gates"
        | PassRefused(gates, _) ->
            "the batch was encoded by itself, and a pass of the gates '"
            + gates
            + "' is taken only where a request is appended"

/// Reading. Cause: what was asked for is not there any more, or never was in this journal.
[<Struct; RequireQualifiedAccess>]
type ReadError =
    /// Entries up to and including this version of the stream were deleted. Read from above it, or start from a snapshot.
    | Dropped of upTo: int64
    /// The place does not belong to this journal's history: at `position` the head hash is another one. Start again from the beginning.
    | ForeignHistory of position: int64

    /// One sentence without a full stop.
    override this.ToString() =
        match this with
        | Dropped upTo -> "entries up to version " + Numbers.text upTo + " were deleted"
        | ForeignHistory position -> "the place at position " + Numbers.text position + " belongs to another history"

/// What exceptions of somebody else's code say.
[<RequireQualifiedAccess>]
module internal Thrown =

    /// What an exception says, in one line; also where asking for its message throws.
    let text (where: string) (error: exn) : string =
        let message =
            try
                error.Message
            with _ ->
                "(its message cannot be read)"

        where + " threw " + error.GetType().Name + ": " + message

/// Making a step. Cause: the aggregate's own code. Remedy: correct it; nothing was appended.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type StepError =
    /// A command, event, refusal or state has no encoded form, or an entry breaks a rule.
    | Codec of what: string * error: CodecError
    /// What the step made is no valid entry.
    | Invalid of error: ValueError
    /// `decide`, `evolve` or a codec threw.
    | Threw of where: string * error: exn

    /// One sentence without a full stop.
    override this.ToString() =
        match this with
        | Codec(what, error) -> what + ": " + error.ToString()
        | Invalid error -> error.ToString()
        | Threw(where, error) -> Thrown.text where error

/// Rehydrating. Cause: entries were deleted and no snapshot at or above them may be used. Remedy: restore a snapshot or a backup.
[<RequireQualifiedAccess>]
type internal HistoryError =
    /// Entries up to this version are gone; `findings` tells why each snapshot that was offered is not used.
    | HistoryDropped of stream: string * upTo: int64 * findings: string list

    /// One sentence without a full stop.
    override this.ToString() =
        match this with
        | HistoryDropped(stream, upTo, findings) ->
            let version = Numbers.text upTo
            let why = findings |> List.map (fun finding -> "; " + finding) |> String.concat ""

            "the entries of '"
            + stream
            + "' up to version "
            + version
            + " were deleted, and no snapshot can stand in for them"
            + why

/// Thrown inside a decision that asks, during replay, for an input that was not recorded. Verifying turns it into a report.
/// Remedy: ask before the decision, in the function that prepares the command, and record the answer.
[<Sealed>]
type UnrecordedInputException(message: string) =
    inherit System.InvalidOperationException(message)
