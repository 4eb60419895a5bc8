// The suites of proofs over the batch tree.
// Run by the tests of Refold.Segments in the short form, and by Soak.
namespace Refold.Suites;

internal static class ProofSuites
{
    /// <summary>A case is a history of 60 steps, in the short form of 40; all cases together have more than 10,000 proofs.</summary>
    public static Suite RandomProofs { get; } = new("random-proofs", 6, 60, (tally, seed) => Suites.RandomProofs.RunAsync(tally, seed, 60))
    {
        Short = (tally, seed) => Suites.RandomProofs.RunAsync(tally, seed, 40),
        Missing = tally => tally["proofs"] >= 100 * tally.Cases && tally["refusals"] > 0 ? null : "too few proofs, or no refusal",
    };

    /// <summary>A case damages a journal 100 times, in the short form 40 times. Checksums find every bit that a proof is made of.</summary>
    public static Suite DamagedProofs { get; } = new(
        "damaged-proofs", 6, 100, (tally, seed) => Suites.DamagedProofs.RunAsync(tally, seed, 100))
    {
        Short = (tally, seed) => Suites.DamagedProofs.RunAsync(tally, seed, 40),
        Missing = tally => tally["right"] == 0 || tally["refused"] == 0 ? "nothing was proved, or nothing refused"
            : tally["found by the oracle"] > 0 ? "a checksum that finds what was damaged" : null,
    };

    public static IReadOnlyList<Suite> All { get; } = [RandomProofs, DamagedProofs];
}
