// Why a journal cannot prove what it was asked to prove.
// Thrown by TreeProofs, for every store.
using System.Globalization;

namespace Refold;

/// <summary>A journal does not have any more what a proof needs. Prove from a size that it still has, or from a backup.</summary>
public sealed class ProofException : JournalException
{
    private ProofException(string code, string message)
        : base(code, message)
    {
    }

    internal static ProofException Dropped(string what, long batches, IEnumerable<long> provable) => new(
        "proof-dropped",
        string.Create(
            CultureInfo.InvariantCulture,
            $"{what} is before the beginning of this journal, whose first {batches} batches were dropped; sizes are proved from there on")
        + string.Concat(provable.Select(size => string.Create(CultureInfo.InvariantCulture, $", and {size}")))
        + ".");

    internal static ProofException Gone(long position, long first, long last) => new(
        "proof-entry-gone",
        string.Create(
            CultureInfo.InvariantCulture,
            $"The entry at position {position} cannot be proved: not all entries at positions {first} to {last} ")
        + "are there any more, and they are hashed together. Prove it from a backup.");

    internal static ProofException NoEntry(long position) => new(
        "proof-no-entry", string.Create(CultureInfo.InvariantCulture, $"There never was an entry at position {position} in this journal."));
}
