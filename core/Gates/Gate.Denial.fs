// What a gate answers: nothing, or a denial; and the line of a trace that tells it. Written for both languages.
// Made by gates of users and by GateSet; recorded and read through Gate.Trace.fs.
namespace Refold

open System
open System.Collections.Generic
open System.Text
open Refold.Core

/// Texts of gates.
[<RequireQualifiedAccess>]
module internal GateText =

    let private refuse (parameter: string) (error: ValueError) : 'Value = raise (ArgumentException(error.ToString(), parameter))

    /// The name of a gate or a code: not empty, printable ASCII; else throws `ArgumentException`.
    let name (parameter: string) (what: string) (text: string) : string =
        ArgumentNullException.ThrowIfNull(text, parameter)

        if text.Length = 0 then
            refuse parameter (ValueError.Empty what)
        else
            match text.AsSpan().IndexOfAnyExceptInRange(' ', '~') with
            | -1 -> text
            | index ->
                let where = "character " + Numbers.text (int text[index]) + " at index " + Numbers.text index
                refuse parameter (ValueError.OutOfRange(what, where, "printable ASCII"))

    /// A text that JSON can hold; else throws `ArgumentException`.
    let any (parameter: string) (text: string) : string =
        Text.requireUnicode parameter text
        text

    /// Such a text that says something.
    let said (parameter: string) (what: string) (text: string) : string =
        let text = any parameter text

        if String.IsNullOrWhiteSpace text then refuse parameter (ValueError.Empty what) else text

    /// The text without half surrogate pairs, which have no form in JSON.
    let mended (text: string) : string =
        if Text.firstLoneSurrogate text < 0 then
            text
        else
            let made = StringBuilder text.Length

            // A lone half is read as U+FFFD.
            for rune in text.EnumerateRunes() do
                made.Append(rune.ToString()) |> ignore<StringBuilder>

            made.ToString()

/// Why a gate does not let a proposed append through. Immutable, equal by content.
[<Sealed>]
type GateDenial private (gate: string, code: string, message: string, context: KeyValuePair<string, string>[]) =

    /// The code of a denial that stands for an exception of a gate.
    static member DefectCode: string = "GATE_DEFECT"

    /// A denial without context. `gate` names the gate that denies and `code` the reason: not empty, printable ASCII. Throws
    /// `ArgumentException` for another text, and for a message with half a surrogate pair.
    new(gate: string, code: string, message: string) =
        GateDenial(
            GateText.name (nameof gate) "the gate's name" gate,
            GateText.name (nameof code) "the denial's code" code,
            GateText.any (nameof message) message,
            [||]
        )

    /// The same denial with one more pair behind its context. A name may come twice. Throws `ArgumentException` for half a surrogate pair.
    member _.With(name: string, value: string) : GateDenial =
        let pair = KeyValuePair(GateText.any (nameof name) name, GateText.any (nameof value) value)
        GateDenial(gate, code, message, Array.append context [| pair |])

    /// The gate that denies.
    member _.Gate: string = gate

    /// The reason, for programs.
    member _.Code: string = code

    /// The reason, for people.
    member _.Message: string = message

    /// What the gate looked at, pairs in the order in which they were given.
    member _.Context: IReadOnlyList<KeyValuePair<string, string>> = Array.AsReadOnly context

    /// Whether both say the same.
    member _.Equals(other: GateDenial | null) : bool =
        match other with
        | null -> false
        | other ->
            String.Equals(gate, other.Gate, StringComparison.Ordinal)
            && String.Equals(code, other.Code, StringComparison.Ordinal)
            && String.Equals(message, other.Message, StringComparison.Ordinal)
            && Seq.forall2
                (fun (left: KeyValuePair<string, string>) (right: KeyValuePair<string, string>) ->
                    String.Equals(left.Key, right.Key, StringComparison.Ordinal)
                    && String.Equals(left.Value, right.Value, StringComparison.Ordinal))
                context
                other.Context
            && context.Length = other.Context.Count

    override this.Equals(other: obj | null) =
        match other with
        | :? GateDenial as denial -> this.Equals denial
        | _ -> false

    override _.GetHashCode() = StringHash.fnv1a gate ^^^ (31 * StringHash.fnv1a code)

    /// `[gate] message`.
    override _.ToString() = "[" + gate + "] " + message

    interface IEquatable<GateDenial> with
        member this.Equals other = this.Equals other

    /// Whether both say the same.
    static member op_Equality(left: GateDenial | null, right: GateDenial | null) : bool = Object.Equals(left, right)

    /// Whether they differ.
    static member op_Inequality(left: GateDenial | null, right: GateDenial | null) : bool = not (Object.Equals(left, right))

/// What became of one gate of a set.
type GateOutcome =
    /// It let the append through.
    | Permit = 1
    /// It denied.
    | Deny = 2
    /// It was not asked, because a gate before it had denied.
    | Skipped = 3

/// The line of one gate in a trace. Immutable, equal by content.
[<Sealed>]
type GateEvaluation internal (gate: string, outcome: GateOutcome, denial: GateDenial | null) =

    /// The gate's name.
    member _.Gate: string = gate

    /// What became of it.
    member _.Outcome: GateOutcome = outcome

    /// Why it denied; null where it did not. Also null where a gate passed on the denial of one outside the set: that one has
    /// a line of its own at the end.
    member _.Denial: GateDenial | null = denial

    /// Whether both say the same.
    member _.Equals(other: GateEvaluation | null) : bool =
        match other with
        | null -> false
        | other ->
            String.Equals(gate, other.Gate, StringComparison.Ordinal)
            && outcome = other.Outcome
            && Object.Equals(denial, other.Denial)

    override this.Equals(other: obj | null) =
        match other with
        | :? GateEvaluation as evaluation -> this.Equals evaluation
        | _ -> false

    override _.GetHashCode() = StringHash.fnv1a gate ^^^ int outcome

    /// `gate: permit`, `gate: deny` or `gate: skipped`.
    override _.ToString() = gate + ": " + GateEvaluation.WordOf outcome

    static member internal WordOf(outcome: GateOutcome) : string =
        match outcome with
        | GateOutcome.Permit -> "permit"
        | GateOutcome.Deny -> "deny"
        | _ -> "skipped"

    interface IEquatable<GateEvaluation> with
        member this.Equals other = this.Equals other

    /// Whether both say the same.
    static member op_Equality(left: GateEvaluation | null, right: GateEvaluation | null) : bool = Object.Equals(left, right)

    /// Whether they differ.
    static member op_Inequality(left: GateEvaluation | null, right: GateEvaluation | null) : bool = not (Object.Equals(left, right))
