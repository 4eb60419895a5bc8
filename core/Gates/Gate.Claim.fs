// The claim of one append to get through the gates it demands: a pass is held while the append is under way, and given back where nothing
// was committed. Made by GateSet.append, and by the facade for each append of a request.
namespace Refold.Core

open Refold

/// One append under way. `gates`: the set it demands a pass of; null where it only comes with one. `content`: what it would commit.
[<Sealed>]
type internal GateClaim(gates: GateSet | null, pass: GatePass | null, content: Hash) =

    let refusal (name: string) fault = Some(AppendError.PassRefused(name, fault))

    /// Takes the pass. Once for each claim; what is wrong, else nothing.
    member this.Take() : AppendError option =
        match gates, pass with
        | null, null -> None
        | gates, null -> refusal (nonNull gates).Pipeline PassFault.Missing
        | gates, pass ->
            match gates with
            | null when pass.Trace.Content <> content -> refusal pass.Gates.Pipeline PassFault.OtherProposal
            | null -> if pass.TryHold this then None else refusal pass.Gates.Pipeline PassFault.Used
            | gates when not (obj.ReferenceEquals(gates, pass.Gates)) -> refusal gates.Pipeline PassFault.OtherGates
            | gates when pass.Trace.Content <> content -> refusal gates.Pipeline PassFault.OtherProposal
            | gates -> if pass.TryHold this then None else refusal gates.Pipeline PassFault.Used

    /// Nothing was committed. Of a claim that does not have the pass it changes nothing.
    member this.GiveBack() : unit =
        match pass with
        | null -> ()
        | pass -> pass.GiveBack this
