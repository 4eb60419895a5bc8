// The vectors of tests/vectors/batch-tree.json: 70 batches, their roots and proofs, a signed checkpoint, a cosigned one, a tlog-proof.
// Used by every test of this project that needs a tree.
using System.Text.Json;

namespace Refold.Signing.Tests;

internal static class BatchTreeVectors
{
    private static readonly JsonElement Document = Load();

    public static JsonElement Note => Document.GetProperty("note");

    public static string Origin => TextOf("origin");

    public static string Checkpoint => TextOf("checkpoint");

    public static string Cosigned => TextOf("cosigned");

    public static byte[] Seed => Convert.FromHexString(TextOf("seed"));

    public static VerifierKey Key => VerifierKey.Parse(TextOf("vkey"));

    public static VerifierKey Witness => VerifierKey.Parse(TextOf("witnessVkey"));

    public static string Proof => Document.GetProperty("proof").GetProperty("text").GetString()!;

    public static long Ordinal => Document.GetProperty("proof").GetProperty("ordinal").GetInt64();

    public static int Size => Note.GetProperty("size").GetInt32();

    public static TreeHead Tree => At(Size);

    public static Ed25519SigningKey Signer() => Ed25519SigningKey.FromSeed(Origin, Seed);

    /// <summary>The tree over the first batches.</summary>
    public static TreeHead At(int size) => size == 0 ? TreeHead.Empty : new(size, Batch(size - 1).GetProperty("root").GetString()!);

    /// <summary>The record of a batch.</summary>
    public static byte[] Record(long ordinal) => Convert.FromHexString(Batch((int)ordinal).GetProperty("record").GetString()!);

    /// <summary>The proof that one size goes on to another, made of the leaves (RFC 9162, 2.1.4.1).</summary>
    public static ConsistencyProof Consistency(long from, long size)
    {
        Hash[] leaves = [.. Document.GetProperty("batches").EnumerateArray().Take((int)size).Select(batch =>
            BatchTree.LeafOf(Convert.FromHexString(batch.GetProperty("record").GetString()!)))];
        return TreeOfLeaves.Consistency(leaves, (int)from);
    }

    /// <summary>As a signer asks for it.</summary>
    public static ValueTask<ConsistencyProof> ProveAsync(long from, long size, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Consistency(from, size));

    public static string TextOf(string member) => Note.GetProperty(member).GetString()!;

    private static JsonElement Batch(int ordinal) => Document.GetProperty("batches")[ordinal];

    private static JsonElement Load()
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Vectors.PathOf("batch-tree.json")));
        return document.RootElement.Clone();
    }
}
