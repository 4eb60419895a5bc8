// Why an append did not get through the gates it demands. Written for both languages.
// In AppendError here, and in AppendFailure of the facade.
namespace Refold

/// What is wrong with the pass of an append.
type PassFault =
    /// The append demands a pass and has none. Have the gates evaluated.
    | Missing = 1
    /// The pass was used, or another append is using it at the moment. Have the gates evaluated again.
    | Used = 2
    /// The pass was made for entries with other canonical bytes. Have the gates evaluated for these.
    | OtherProposal = 3
    /// The pass or the bypass is one of other gates: of another set, or of this one before a gate was added.
    | OtherGates = 4
    /// The batch was encoded by itself, and a pass is taken only where a request is appended.
    | NotAsRequest = 5
