// The proof that one record is in a signed journal, as a text that is checked without the journal: c2sp.org/tlog-proof.
// Made of an inclusion proof and a signed checkpoint; handed over beside a file with the record.
using System.Text;

namespace Refold.Signing;

/// <summary>Proves that a batch is in a journal at a signed size (c2sp.org/tlog-proof@v1): its ordinal, the path to the root, and the
/// signed checkpoint with that root.</summary>
/// <remarks>
/// <para>The text is the line <c>c2sp.org/tlog-proof@v1</c>, perhaps <c>extra BASE64</c>, <c>index ORDINAL</c>, a hash in base64 a line
/// from the leaf upwards, an empty line, and the checkpoint's note. Files end with <c>.tlog-proof</c>. The record lies beside it.</para>
/// <para>A proof that is parsed and written again has the same bytes.</para>
/// </remarks>
public sealed class TlogProof
{
    /// <summary>The most bytes that are read or written: 2 MiB.</summary>
    public const int MaxBytes = 2 << 20;

    // A path in a tree of 2^63 leaves.
    private const int MaxPath = 63;

    private const string Header = "c2sp.org/tlog-proof@v1", Extra = "extra ", Index = "index ";

    private static readonly NoteText Form = new("proof", "malformed-proof", MaxBytes);

    /// <summary>Makes one. The path is not checked.</summary>
    /// <param name="ordinal">The number of the batch in the journal, from 0, below the checkpoint's size.</param>
    /// <param name="path">The hashes from the leaf upwards (RFC 9162, 2.1.3.1); at most 63.</param>
    /// <param name="checkpoint">The checkpoint to whose root the path leads.</param>
    /// <param name="extraData">Anything else, which nobody vouches for; at most 512 KiB.</param>
    public TlogProof(long ordinal, IReadOnlyList<Hash> path, SignedCheckpoint checkpoint, ReadOnlyMemory<byte> extraData = default)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentOutOfRangeException.ThrowIfNegative(ordinal);
        if (ordinal >= checkpoint.Checkpoint.Tree.Size)
            throw new ArgumentException("The batch is not among those of the checkpoint.", nameof(ordinal));
        if (path.Count > MaxPath) throw new ArgumentException("A path has at most 63 hashes.", nameof(path));
        if (extraData.Length > MaxBytes / 4) throw new ArgumentException("There may be 512 KiB of extra data.", nameof(extraData));
        (Ordinal, Path, Checkpoint, ExtraData) = (ordinal, [.. path], checkpoint, extraData.ToArray());
    }

    /// <summary>The number of the batch in the journal, from 0.</summary>
    public long Ordinal { get; }

    /// <summary>The hashes from the leaf upwards.</summary>
    public IReadOnlyList<Hash> Path { get; }

    /// <summary>The checkpoint to whose root the path leads.</summary>
    public SignedCheckpoint Checkpoint { get; }

    /// <summary>What the line <c>extra</c> holds; empty without one. <b>Not signed</b>: never to be trusted by itself.</summary>
    public ReadOnlyMemory<byte> ExtraData { get; }

    /// <summary>Reads a proof.</summary>
    /// <param name="utf8">Its bytes.</param>
    /// <returns>The proof; nothing of it is checked.</returns>
    /// <exception cref="SigningFormatException">The bytes are no proof (<c>malformed-proof</c>), or its checkpoint is none
    /// (<c>malformed-note</c>, <c>malformed-checkpoint</c>).</exception>
    public static TlogProof Parse(ReadOnlySpan<byte> utf8)
    {
        var text = Form.RequirePrintable(Form.Decode(utf8));
        var end = text.IndexOf("\n\n", StringComparison.Ordinal);
        if (end < 0) throw Form.Malformed("has no empty line before a checkpoint");
        var lines = text[..end].Split('\n');
        if (lines[0] != Header) throw Form.Malformed($"does not begin with the line {Header}");
        var next = 1;
        byte[] extra = [];
        if (next < lines.Length && lines[next].StartsWith(Extra, StringComparison.Ordinal))
        {
            extra = Form.Base64(lines[next++][Extra.Length..], "has extra data that");
            if (extra.Length is 0 or > MaxBytes / 4) throw Form.Malformed("has extra data of no byte, or of more than 512 KiB");
        }

        if (next == lines.Length || !lines[next].StartsWith(Index, StringComparison.Ordinal))
            throw Form.Malformed($"has no index in line {NoteText.Number(next + 1)}");
        var ordinal = Form.Decimal(lines[next++][Index.Length..], "has an index that");
        if (lines.Length - next > MaxPath) throw Form.Malformed($"has more than {NoteText.Number(MaxPath)} hashes");
        var path = new Hash[lines.Length - next];
        for (var at = 0; at < path.Length; at++)
            path[at] = Form.Base64Hash(lines[next + at], $"has a line {NoteText.Number(next + at + 1)} that");
        var checkpoint = SignedCheckpoint.Parse(text[(end + 2)..]);
        return ordinal < checkpoint.Checkpoint.Tree.Size
            ? new TlogProof(ordinal, path, checkpoint, extra)
            : throw Form.Malformed("has an index that is not below the size of its checkpoint");
    }

    /// <inheritdoc cref="Parse(ReadOnlySpan{byte})"/>
    /// <param name="proof">Its text.</param>
    public static TlogProof Parse(string proof)
    {
        ArgumentNullException.ThrowIfNull(proof);
        return Parse(Form.Encode(proof));
    }

    /// <summary>Checks that a batch is in the journal of a checkpoint that is believed.</summary>
    /// <param name="leaf">The batch's leaf: <see cref="BatchTree.LeafOf"/> of its record, which the checker has.</param>
    /// <param name="policy">Who must have signed the checkpoint.</param>
    /// <returns>Whether it is so.</returns>
    public SignatureVerdict Verify(Hash leaf, CheckpointPolicy policy)
    {
        var verdict = Checkpoint.Verify(policy);
        if (!verdict.Verified || BatchTree.Includes(leaf, Ordinal, Checkpoint.Checkpoint.Tree, Path)) return verdict;
        return SignatureVerdict.Refused(
            $"the path does not lead from the record at ordinal {NoteText.Number(Ordinal)} to the root of the checkpoint");
    }

    /// <inheritdoc cref="Verify(Hash, CheckpointPolicy)"/>
    /// <param name="leaf">The batch's leaf: <see cref="BatchTree.LeafOf"/> of its record, which the checker has.</param>
    /// <param name="origin">The key of the origin.</param>
    /// <param name="witnesses">Keys of witnesses, each of which must have cosigned.</param>
    public SignatureVerdict Verify(Hash leaf, VerifierKey origin, params IReadOnlyList<VerifierKey> witnesses) =>
        Verify(leaf, new CheckpointPolicy(origin, witnesses));

    /// <summary>The bytes of the proof, in UTF-8.</summary>
    /// <returns>A new array.</returns>
    public byte[] ToArray() => NoteText.Utf8.GetBytes(ToString());

    /// <summary>The proof as it is written.</summary>
    public override string ToString()
    {
        var text = new StringBuilder(Header).Append('\n');
        if (!ExtraData.IsEmpty) text.Append(Extra).Append(Convert.ToBase64String(ExtraData.Span)).Append('\n');
        text.Append(Index).Append(NoteText.Number(Ordinal)).Append('\n');
        foreach (var hash in Path) text.Append(NoteText.Base64Of(hash)).Append('\n');
        return text.Append('\n').Append(Checkpoint).ToString();
    }
}
