// Gates for F#: functions that return results, and appends to the immutable journal that demand a pass.
// Called by programs and scripts; the facade has the same for every store.
namespace Refold.Core

open System
open Refold

/// Making gates.
[<RequireQualifiedAccess>]
module Gate =

    /// A gate: a name (not empty, printable ASCII), what it is for, and the rule. Throws `ArgumentException` for another name.
    let create (name: string) (description: string) (evaluate: 'Context -> Result<unit, GateDenial>) : Gate<'Context> =
        let ask context : GateDenial | null =
            match evaluate context with
            | Ok() -> null
            | Error denial -> denial

        Gate<'Context>(name, description, Func<_, _> ask)

/// Sets of gates, and appends that go through them. An append takes a pass only if it commits.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module GateSet =

    /// A set without gates: it passes. Throws `ArgumentException` for a name that is empty or cannot be part of the name of a stream.
    let empty<'Context> (pipeline: string) : GateSet<'Context> = GateSet<'Context> pipeline

    /// The set with one more gate at its end. Throws `ArgumentException` where a gate has that name already.
    let add (gate: Gate<'Context>) (gates: GateSet<'Context>) : GateSet<'Context> = gates.Add gate

    /// Asks the gates in order, up to the first that denies. What a gate throws goes out. The pass has the trace too.
    let evaluate (context: 'Context) (batch: EncodedBatch) (gates: GateSet<'Context>) : Result<GatePass, GateTrace> =
        match gates.Evaluate(context, batch) with
        | trace, null -> Error trace
        | _, pass -> Ok pass

    /// Asks every gate; one that throws denies with the code `GATE_DEFECT`.
    let evaluateAll (context: 'Context) (batch: EncodedBatch) (gates: GateSet<'Context>) : Result<GatePass, GateTrace> =
        match gates.EvaluateAll(context, batch) with
        | trace, null -> Error trace
        | _, pass -> Ok pass

    // What was not committed leaves the pass; a repeated key answers with the journal as it was.
    let private appendClaimed (claim: GateClaim) (batch: EncodedBatch) (journal: Journal) =
        batch.Refusal <- claim.Take()
        let answer = Journal.append batch journal

        match answer with
        | Ok(_, after) when not (obj.ReferenceEquals(after, journal)) -> ()
        | _ -> claim.GiveBack()

        answer

    /// Appends what demands a pass of these gates: `PassRefused` where it has none, a used one, one for other entries or of another set. A
    /// pass is taken once, whatever the journal: the journal before is a value, the pass is not.
    let append
        (gates: GateSet)
        (pass: GatePass option)
        (request: AppendRequest)
        (journal: Journal)
        : Result<Receipt * Journal, AppendError> =
        Append.encode request
        |> Result.bind (fun batch -> appendClaimed (GateClaim(gates, Option.toObj pass, GateProposal.contentOf batch)) batch journal)

    /// Appends around the gates: the last entry of the batch, `gate-bypassed` in `$gates/PIPELINE`, tells by which bypass.
    let appendBypassed (bypass: GateBypass) (request: AppendRequest) (journal: Journal) : Result<Receipt * Journal, AppendError> =
        Append.encode request
        |> Result.bind (fun batch ->
            let payload = Bytes.Wrap(bypass.PayloadOf batch)
            let entry = EntryData.create bypass.Gates.Stream Role.Control GateSet.BypassedType payload
            Append.encodeOwn { request with Entries = request.Entries @ [ entry ] })
        |> Result.bind (fun batch -> Journal.append batch journal)

    /// Records a denial: an entry `gate-denied` in `$gates/PIPELINE`, whose payload is the trace (`GateTrace.Parse`). `Invalid` where no
    /// gate denied.
    let recordDenial (trace: GateTrace) (journal: Journal) : Result<Receipt * Journal, AppendError> =
        if trace.IsPassed then
            Error(AppendError.Invalid(ValueError.Contradictory("a denial and its trace", "no gate denied")))
        else
            let stream = StreamId.Create(GateSet.StreamPrefix + trace.Pipeline)
            let entry = EntryData.create stream Role.Control GateSet.DeniedType (Bytes.Wrap(trace.ToJson()))
            Append.encodeOwn (Append.request [ entry ]) |> Result.bind (fun batch -> Journal.append batch journal)
