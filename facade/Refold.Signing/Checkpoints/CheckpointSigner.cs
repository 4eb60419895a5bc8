// Signs a journal's size and root, and never two histories: what is new must go on from what was signed last.
// Called by whoever publishes checkpoints: on demand, on a timer, on closing; never for each append.
namespace Refold.Signing;

/// <summary>Signs checkpoints of one journal under one origin. Each goes on from the one before, or is refused.</summary>
/// <remarks>Safe for use by many threads: signings queue. The tree is remembered before it is signed, so a crash in between costs a
/// signature, which the next call gives, and never leaves one that is forgotten.</remarks>
public sealed class CheckpointSigner
{
    private readonly SemaphoreSlim turns = new(1, 1);
    private readonly INoteSigner signer;
    private readonly ISignerMemory memory;

    /// <summary>Signs with a key.</summary>
    /// <param name="signer">Who has the key; its name is the origin.</param>
    /// <param name="memory">What was signed last, for the same origin.</param>
    public CheckpointSigner(INoteSigner signer, ISignerMemory memory)
    {
        ArgumentNullException.ThrowIfNull(signer);
        ArgumentNullException.ThrowIfNull(memory);
        if (signer.Key.Type != SignatureType.Ed25519) throw new ArgumentException("The key of an origin is of type 0x01.", nameof(signer));
        (this.signer, this.memory) = (signer, memory);
    }

    /// <summary>The origin that is signed under: the name of the key.</summary>
    public string Origin => signer.Key.Name;

    /// <summary>Signs a tree. The same one may be signed again: the bytes are the same.</summary>
    /// <param name="tree">The size and the root, as the journal has them durably.</param>
    /// <param name="prove">Answers the proof that the tree at <c>from</c> goes on to the tree at <c>size</c>. Asked where something smaller
    /// was signed; the answer is checked, not trusted.</param>
    /// <param name="cancellationToken">Cancels waiting, and the signature; what is remembered by then stays so.</param>
    /// <returns>The checkpoint with one signature.</returns>
    /// <exception cref="SigningRefusedException">The tree does not go on from what was signed last (<c>behind-checkpoint</c>,
    /// <c>other-history</c>, <c>other-origin</c>), the memory cannot be relied on (<c>memory-..</c>), or the signer gave a wrong
    /// signature (<c>wrong-signature</c>).</exception>
    public async ValueTask<SignedCheckpoint> SignAsync(
        TreeHead tree,
        Func<long, long, CancellationToken, ValueTask<ConsistencyProof>> prove,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prove);
        var checkpoint = new Checkpoint(Origin, tree);
        await turns.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var last = await memory.ReadAsync(cancellationToken).ConfigureAwait(false);
            if (last.Origin != Origin)
            {
                throw new SigningRefusedException(
                    "other-origin",
                    $"The memory is of the origin {last.Origin}, and the key signs as {Origin}; give each origin a memory of its own.");
            }

            await RequireGoesOnAsync(last.Tree, tree, prove, cancellationToken).ConfigureAwait(false);
            if (!await memory.TryRememberAsync(new RememberedTree(Origin, tree), last, cancellationToken).ConfigureAwait(false))
            {
                throw new SigningRefusedException(
                    "memory-in-use", $"Another signer of {Origin} remembered something meanwhile; sign again, and let one process sign.");
            }

            return new SignedCheckpoint(
                await SignedNote.MakeAsync(checkpoint.ToString(), signer, cancellationToken).ConfigureAwait(false));
        }
        finally
        {
            turns.Release();
        }
    }

    private async ValueTask RequireGoesOnAsync(
        TreeHead last,
        TreeHead tree,
        Func<long, long, CancellationToken, ValueTask<ConsistencyProof>> prove,
        CancellationToken cancellationToken)
    {
        if (tree.Size < last.Size)
        {
            throw Refused(
                "behind-checkpoint",
                $"The journal has {Batches(tree)}, and {Batches(last)} were signed for {Origin}: it is behind its own checkpoint, as one "
                    + "that was put back from an older backup.",
                last, tree);
        }

        if (tree.Size == last.Size)
        {
            if (tree.Root == last.Root) return;
            throw Refused(
                "other-history",
                $"The journal has {Batches(tree)} with the root {tree.Root}, and {last.Root} was signed for {Origin} at the same size: "
                    + "they are two histories.",
                last, tree);
        }

        // Everything goes on from nothing.
        if (last.Size == 0) return;
        var proof = await prove(last.Size, tree.Size, cancellationToken).ConfigureAwait(false);
        if (proof?.Shows(last, tree) == true) return;
        throw Refused(
            "other-history",
            $"It is not shown that the journal with {Batches(tree)} goes on from the {Batches(last)} that were signed for {Origin}: a "
                + "batch of those was changed, or the proof is of another journal.",
            last, tree);
    }

    private static SigningRefusedException Refused(string code, string what, TreeHead last, TreeHead tree) =>
        new(code, what + " Nothing is signed. Put back the journal that was signed; if that one is lost for good, sign under a new "
            + "origin, with a memory of its own, so that nobody takes two histories for one.")
        {
            Remembered = last,
            Asked = tree,
        };

    private static string Batches(TreeHead tree) => NoteText.Number(tree.Size) + (tree.Size == 1 ? " batch" : " batches");
}
