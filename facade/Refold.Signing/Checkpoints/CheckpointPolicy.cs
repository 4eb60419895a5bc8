// Which signatures a checkpoint must have before it is believed: that of the origin, and those of witnesses.
// Configured by whoever checks checkpoints and proofs.
namespace Refold.Signing;

/// <summary>Whom a checker trusts: the key of the one who signs the journal's checkpoints, witnesses, and how many of those.</summary>
public sealed class CheckpointPolicy
{
    /// <summary>Trusts a key, and demands that every witness cosigned.</summary>
    /// <param name="origin">The key of the origin, of type <see cref="SignatureType.Ed25519"/>; its name is the origin.</param>
    /// <param name="witnesses">Keys of witnesses, of type <see cref="SignatureType.Cosignature"/>.</param>
    /// <exception cref="ArgumentException">A key has the wrong type, or two are one public key: a witness would count twice.</exception>
    public CheckpointPolicy(VerifierKey origin, params IReadOnlyList<VerifierKey> witnesses)
    {
        ArgumentNullException.ThrowIfNull(origin);
        ArgumentNullException.ThrowIfNull(witnesses);
        if (origin.Type != SignatureType.Ed25519) throw new ArgumentException("The key of an origin is of type 0x01.", nameof(origin));
        if (witnesses.Any(witness => witness.Type != SignatureType.Cosignature))
            throw new ArgumentException("The keys of witnesses are of type 0x04.", nameof(witnesses));
        // A cosignature does not say the name of the witness, so it would count under each of two names.
        var keys = witnesses.Prepend(origin).Select(key => Convert.ToHexString(key.PublicKey.Span));
        if (keys.Distinct().Count() <= witnesses.Count)
            throw new ArgumentException("Two of the keys are the same public key.", nameof(witnesses));
        (Origin, Witnesses) = (origin, [.. witnesses]);
        Quorum = Names;
    }

    /// <summary>The key of the origin.</summary>
    public VerifierKey Origin { get; }

    /// <summary>The keys of witnesses. Several of one name are one witness with several keys.</summary>
    public IReadOnlyList<VerifierKey> Witnesses { get; }

    /// <summary>How many witnesses must have cosigned, from 0; all of them where nothing else is said.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is below 0, or there are fewer witnesses.</exception>
    public int Quorum
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, Names);
            field = value;
        }
    }

    private int Names => Witnesses.Select(witness => witness.Name).Distinct().Count();
}
