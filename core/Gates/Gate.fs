// Gates, sets of them, and what lets an append through: a pass that a set made, or a bypass that somebody answers for. Written for both
// languages. Made by users; demanded by GateClaim, which an append is judged by.
namespace Refold

open System
open System.Collections.Generic
open System.Runtime.InteropServices
open System.Threading
open Refold.Core

/// What is proposed to gates.
[<RequireQualifiedAccess>]
module internal GateProposal =

    /// SHA-256 over the canonical bytes of the entries.
    let contentOf (batch: EncodedBatch) : Hash = Hash.Compute batch.Bytes.Span

    /// Types of the entries, each once, in order of appearance.
    let typesOf (batch: EncodedBatch) : string[] =
        let known = HashSet<string> StringComparer.Ordinal
        let types = ResizeArray<string>()

        for index in 0 .. batch.Count - 1 do
            let name = batch.Type index

            if known.Add name then
                types.Add name

        types.ToArray()

    /// Whether a batch has nothing but what Refold keeps of its own work: how a run started and ended, what an operation got from outside,
    /// what became of messages, how far a consumer is, what gates decided. A batch with a command, an event or a message is none of these.
    let isOwnRecord (batch: EncodedBatch) : bool =
        Seq.forall
            (fun index ->
                (batch.Stream index).IsSystem
                && match batch.Role index with
                   | EntryRole.Control
                   | EntryRole.Effect
                   | EntryRole.Fact -> true
                   | _ -> false)
            (seq { 0 .. batch.Count - 1 })

/// A rule of the caller's own over a context of the caller's own: whether a proposed append may be made. Immutable.
[<Sealed>]
type Gate<'Context>(name: string, description: string, evaluate: Func<'Context, GateDenial | null>) =
    let name = GateText.name (nameof name) "the gate's name" name
    let description = GateText.any (nameof description) description

    do ArgumentNullException.ThrowIfNull(evaluate, nameof evaluate)

    /// Its name: not empty, printable ASCII; the constructor throws `ArgumentException` for another one.
    member _.Name: string = name

    /// What it is for, in words.
    member _.Description: string = description

    /// Asks it: null permits. What its function throws goes out.
    member _.Evaluate(context: 'Context) : GateDenial | null = evaluate.Invoke context

    /// `name: description`, or the name.
    override _.ToString() = if description.Length = 0 then name else name + ": " + description

/// A set of gates, whatever their context: what an append demands a pass of. Two sets are the same only if they are one object, so that a
/// pass is worth what the gates behind it are.
[<AbstractClass>]
type GateSet internal (pipeline: string, names: string[]) =

    let stream =
        ArgumentNullException.ThrowIfNull(pipeline, nameof pipeline)

        if pipeline.Length = 0 then
            invalidArg (nameof pipeline) (ValueError.Empty("the name of the gates").ToString())

        match StreamId.Read(GateSet.StreamPrefix + pipeline) with
        | Ok stream -> stream
        | Error error -> raise (ArgumentException(error.ToString(), nameof pipeline))

    static member internal StreamPrefix: string = "$gates/"

    static member internal DeniedType: string = "gate-denied"

    static member internal BypassedType: string = "gate-bypassed"

    /// The name of the set: what denials and bypasses are recorded under.
    member _.Pipeline: string = pipeline

    /// Names of the gates, in the order in which they were added.
    member _.Names: IReadOnlyList<string> = Array.AsReadOnly names

    /// The stream of recorded denials and bypasses, `$gates/PIPELINE`. It is Refold's own.
    member _.Stream: StreamId = stream

    /// A way around the gates, which is recorded with everything that is committed by it. None of the texts may be empty or white space, or
    /// have half a surrogate pair; throws `ArgumentException` then.
    member this.Bypass(name: string, justification: string, approver: string) : GateBypass =
        GateBypass(
            this,
            GateText.said (nameof name) "the name of the bypass" name,
            GateText.said (nameof justification) "the justification of the bypass" justification,
            GateText.said (nameof approver) "the approver of the bypass" approver
        )

    /// The name, and those of the gates.
    override _.ToString() = pipeline + " (" + (if names.Length = 0 then "no gates" else String.Join(", ", names)) + ")"

/// Leave to append what was proposed to a set of gates, once. Made only by a set that passed. Safe for use by many threads.
and [<Sealed>] GatePass internal (gates: GateSet, trace: GateTrace) =

    // Who holds it: the append that committed, or one that is under way.
    let mutable holder: obj | null = null

    /// The set that made it.
    member _.Gates: GateSet = gates

    /// What became of each gate, and for what.
    member _.Trace: GateTrace = trace

    /// Whether an append was committed with it, or is under way. One that is not committed gives it back.
    member _.IsUsed: bool = not (isNull (Volatile.Read &holder))

    /// The first one has it; false for any other.
    member internal _.TryHold(by: obj) : bool = isNull (Interlocked.CompareExchange(&holder, by, null))

    /// Of the one that has it.
    member internal _.GiveBack(by: obj) : unit = Interlocked.CompareExchange(&holder, null, by) |> ignore<obj | null>

    /// The set, and whether it is used.
    override this.ToString() = "a pass of " + gates.Pipeline + (if this.IsUsed then ", used" else "")

/// A way around a set of gates that somebody approved. May be used more than once: each use is recorded. Immutable.
and [<Sealed>] GateBypass internal (gates: GateSet, name: string, justification: string, approver: string) =

    /// The set it is a way around.
    member _.Gates: GateSet = gates

    /// Its name.
    member _.Name: string = name

    /// Why.
    member _.Justification: string = justification

    /// Who answers for it.
    member _.Approver: string = approver

    /// `pipeline bypassed by name, approved by approver: justification`.
    override _.ToString() = gates.Pipeline + " bypassed by " + name + ", approved by " + approver + ": " + justification

    /// What is committed with a batch that goes this way.
    member internal _.PayloadOf(batch: EncodedBatch) : ReadOnlyMemory<byte> =
        [
            "pipeline", JsonValue.String gates.Pipeline
            "name", JsonValue.String name
            "justification", JsonValue.String justification
            "approver", JsonValue.String approver
        ]
        @ GateJson.proposal (GateProposal.typesOf batch) (GateProposal.contentOf batch)
        |> JsonValue.Object
        |> GateJson.bytes

/// Gates over one context, in the order in which they were added. Immutable; an empty set passes.
[<Sealed>]
type GateSet<'Context> private (pipeline: string, gates: Gate<'Context>[]) =
    inherit GateSet(pipeline, gates |> Array.map _.Name)

    let isIn (name: string) = gates |> Array.exists (fun gate -> String.Equals(gate.Name, name, StringComparison.Ordinal))

    let ask (catches: bool) (gate: Gate<'Context>) (context: 'Context) : GateDenial | null =
        if not catches then
            gate.Evaluate context
        else
            try
                gate.Evaluate context
            with error ->
                GateDenial(gate.Name, GateDenial.DefectCode, GateText.mended (Thrown.text "the gate" error))

    let linesOf (isAll: bool) (catches: bool) (context: 'Context) : GateEvaluation[] =
        let lines = ResizeArray<GateEvaluation>()
        let strangers = ResizeArray<GateEvaluation>()
        let mutable isDenied = false

        for gate in gates do
            if isDenied && not isAll then
                lines.Add(GateEvaluation(gate.Name, GateOutcome.Skipped, null))
            else
                match ask catches gate context with
                | null -> lines.Add(GateEvaluation(gate.Name, GateOutcome.Permit, null))
                | denial when isIn denial.Gate ->
                    isDenied <- true
                    lines.Add(GateEvaluation(gate.Name, GateOutcome.Deny, denial))
                | denial ->
                    isDenied <- true
                    lines.Add(GateEvaluation(gate.Name, GateOutcome.Deny, null))
                    strangers.Add(GateEvaluation(denial.Gate, GateOutcome.Deny, denial))

        lines.AddRange strangers
        lines.ToArray()

    let traceOf (isAll: bool) (catches: bool) (context: 'Context) (batch: EncodedBatch) : GateTrace =
        // Before the gates are asked: the batch is what it is.
        let types, content = GateProposal.typesOf batch, GateProposal.contentOf batch
        GateTrace(pipeline, types, content, linesOf isAll catches context)

    /// A set without gates. `pipeline` names it: not empty, such that `$gates/PIPELINE` is the name of a stream (at most 505 UTF-8 bytes,
    /// no control characters); throws `ArgumentException` otherwise.
    new(pipeline: string) = GateSet<'Context>(pipeline, [||])

    /// The gates, in the order in which they were added.
    member _.Gates: IReadOnlyList<Gate<'Context>> = Array.AsReadOnly gates

    /// Another set, with one more gate at its end; throws `ArgumentException` where a gate has that name already.
    member _.Add(gate: Gate<'Context>) : GateSet<'Context> =
        ArgumentNullException.ThrowIfNull(gate, nameof gate)

        if isIn gate.Name then
            invalidArg (nameof gate) ("the gates '" + pipeline + "' have a gate '" + gate.Name + "' already")

        GateSet<'Context>(pipeline, Array.append gates [| gate |])

    member private this.Evaluated(isAll: bool, context: 'Context, batch: EncodedBatch, pass: byref<GatePass | null>) : GateTrace =
        ArgumentNullException.ThrowIfNull(batch, nameof batch)
        let trace = traceOf isAll isAll context batch
        pass <- if trace.IsPassed then GatePass(this, trace) else null
        trace

    /// Asks as `Evaluate` does, or all; one that throws denies with the code `GATE_DEFECT` in any case.
    member internal _.Judged(isAll: bool, context: 'Context, batch: EncodedBatch) : GateTrace = traceOf isAll true context batch

    /// Asks the gates in order, up to the first that denies; those behind it are skipped. What a gate throws goes out. `pass` is leave to
    /// append this batch once; null where a gate denied.
    member this.Evaluate(context: 'Context, batch: EncodedBatch, [<Out>] pass: byref<GatePass | null>) : GateTrace =
        this.Evaluated(false, context, batch, &pass)

    /// Asks every gate; one that throws denies with the code `GATE_DEFECT`. `pass` is leave to append this batch once; null where a gate
    /// denied.
    member this.EvaluateAll(context: 'Context, batch: EncodedBatch, [<Out>] pass: byref<GatePass | null>) : GateTrace =
        this.Evaluated(true, context, batch, &pass)
