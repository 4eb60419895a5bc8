// The signer's memory in a file: made once, replaced as a whole, refused where anything of it is not what was written.
// Run by `dotnet test`.
using System.Text;
using Xunit;

namespace Refold.Signing.Tests;

public sealed class SignerMemoryFileTests : IDisposable
{
    private const string Origin = "refold.example/orders";

    private readonly TemporaryDirectory directory = new();

    private string Path => directory.File("orders.memory");

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task Memory_IsThereAgainAfterItWasClosed()
    {
        using (var memory = FileSignerMemory.Create(Path, Origin))
        {
            Assert.Equal(new RememberedTree(Origin, TreeHead.Empty), await memory.ReadAsync());
            await SignAsync(memory, 10);
            await SignAsync(memory, 30);
        }

        using var again = FileSignerMemory.Open(Path);
        Assert.Equal(new RememberedTree(Origin, BatchTreeVectors.At(30)), await again.ReadAsync());
        Assert.Equal("behind-checkpoint", (await RefusedAsync(() => SignAsync(again, 29))).Code);
        await SignAsync(again, 31);
    }

    [Fact]
    public async Task File_IsOfItsOwner_AndReadableByPeople()
    {
        using var memory = FileSignerMemory.Create(Path, Origin);
        await SignAsync(memory, 10);
        Assert.True(FileModes.IsOfItsOwnerAlone(Path));
        var lines = File.ReadAllLines(Path);
        Assert.Equal(["refold.signer-memory/v1", Origin, "10", BatchTreeVectors.At(10).Root.ToString()], lines[..^1]);
        Assert.Equal(Hash.Compute(Encoding.UTF8.GetBytes(string.Join('\n', lines[..^1]) + "\n")).ToString(), lines[^1]);
    }

    [Fact]
    public void MissingFile_IsNoReasonToBeginAnew_AndNothingIsLeftBesideIt()
    {
        var exception = Refused(() => FileSignerMemory.Open(Path));
        Assert.Equal("memory-missing", exception.Code);
        Assert.Contains(Path, exception.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(directory.Root));
        Assert.Equal("memory-failed", Refused(() => FileSignerMemory.Create(directory.File("not/there"), Origin)).Code);
        Assert.Empty(Directory.EnumerateFileSystemEntries(directory.Root));
    }

    [Fact]
    public async Task FileThatIsThere_IsNotMadeAgain()
    {
        using (var memory = FileSignerMemory.Create(Path, Origin)) await SignAsync(memory, 10);
        var bytes = File.ReadAllBytes(Path);
        Assert.Equal("memory-exists", Refused(() => FileSignerMemory.Create(Path, Origin)).Code);
        File.WriteAllBytes(Path, []);
        Assert.Equal("memory-exists", Refused(() => FileSignerMemory.Create(Path, Origin)).Code);
        File.WriteAllBytes(Path, bytes);
        FileSignerMemory.Open(Path).Dispose();
    }

    [Fact]
    public async Task LostFile_IsMadeOfTheLastCheckpoint()
    {
        using var memory = FileSignerMemory.Create(Path, Origin, BatchTreeVectors.At(50));
        Assert.Equal("behind-checkpoint", (await RefusedAsync(() => SignAsync(memory, 49))).Code);
        await SignAsync(memory, 60);
    }

    [Fact]
    public async Task EveryCutAndEveryChangedByte_IsRefused_AndTheFileStaysAsItIs()
    {
        using (var memory = FileSignerMemory.Create(Path, Origin)) await SignAsync(memory, 10);
        var bytes = File.ReadAllBytes(Path);
        var damaged = Enumerable.Range(0, bytes.Length).Select(length => bytes[..length])
            .Concat(Enumerable.Range(0, bytes.Length * 8).Select(bit =>
            {
                byte[] changed = [.. bytes];
                changed[bit / 8] ^= (byte)(1 << (bit % 8));
                return changed;
            }))
            .Append([.. bytes, (byte)'\n']).Append([.. bytes, .. bytes]).Append(new byte[1 << 20]).Append(new byte[bytes.Length]);
        foreach (var wrong in damaged)
        {
            File.WriteAllBytes(Path, wrong);
            Assert.Equal("memory-damaged", Refused(() => FileSignerMemory.Open(Path)).Code);
            Assert.Equal(wrong, File.ReadAllBytes(Path));
        }

        File.WriteAllBytes(Path, bytes);
        FileSignerMemory.Open(Path).Dispose();
    }

    [Fact]
    public async Task FileThatIsDamagedOrReplacedWhileItIsOpen_IsFoundBeforeTheNextSignature()
    {
        using (var memory = FileSignerMemory.Create(Path, Origin)) await SignAsync(memory, 10);
        var older = File.ReadAllBytes(Path);
        Action<string>[] changes =
        [
            file => File.WriteAllBytes(file, older), file => File.WriteAllBytes(file, []), File.Delete,
            file => File.WriteAllBytes(file, File.ReadAllBytes(file)[..^1]),
        ];
        for (var index = 0; index < changes.Length; index++)
        {
            var file = directory.File($"replaced{index}");
            using var memory = FileSignerMemory.Create(file, Origin);
            await SignAsync(memory, 20);
            changes[index](file);
            Assert.StartsWith("memory-", (await RefusedAsync(() => SignAsync(memory, 30))).Code, StringComparison.Ordinal);
            Assert.StartsWith("memory-", (await RefusedAsync(() => SignAsync(memory, 20))).Code, StringComparison.Ordinal);
        }
    }

    // Each step of the write fails, as a full or failing device has it: no signature leaves, and what is opened again is one of the two.
    [Theory]
    [InlineData("create", 10)]
    [InlineData("write", 10)]
    [InlineData("flush", 10)]
    [InlineData("rename", 10)]
    [InlineData("flush directory", 20)]
    public async Task WriteThatFails_GivesNoSignature_AndTheMemoryIsOpenedAgain(string step, int left)
    {
        var asked = 0;
        var key = new Signer(BatchTreeVectors.Key, message =>
        {
            asked++;
            return BatchTreeVectors.Signer().SignAsync(message).Result;
        });
        using (var memory = FileSignerMemory.Create(Path, Origin))
        {
            await SignAsync(memory, 10);
            memory.BeforeStep = taken =>
            {
                if (taken == step) throw new IOException("the device is full");
            };
            var signer = new CheckpointSigner(key, memory);
            var exception = await RefusedAsync(() => signer.SignAsync(BatchTreeVectors.At(20), BatchTreeVectors.ProveAsync).AsTask());
            Assert.Equal("memory-failed", exception.Code);
            Assert.Contains("the device is full", exception.Message, StringComparison.Ordinal);
            memory.BeforeStep = null;
            // What was written by then is not known here: nothing more is signed, not even what was signed before.
            Assert.Equal(
                "memory-failed",
                (await RefusedAsync(() => signer.SignAsync(BatchTreeVectors.At(20), BatchTreeVectors.ProveAsync).AsTask())).Code);
        }

        Assert.Equal(0, asked);
        using var again = FileSignerMemory.Open(Path);
        Assert.Equal(left, (await again.ReadAsync()).Tree.Size);
        await SignAsync(again, 20);
        Assert.Equal([Path], Directory.GetFiles(directory.Root));
    }

    // A process that ends between memory and signature: the signer never answers, and another process opens the memory.
    [Fact]
    public async Task SignerThatIsKilledBeforeTheSignature_HasRemembered()
    {
        using (var memory = FileSignerMemory.Create(Path, Origin))
        {
            await SignAsync(memory, 10);
            byte[] seen = [];
            var killed = new CheckpointSigner(
                new Signer(BatchTreeVectors.Key, _ =>
                {
                    seen = File.ReadAllBytes(Path);
                    throw new OperationCanceledException("killed");
                }),
                memory);
            await Assert.ThrowsAsync<OperationCanceledException>(
                () => killed.SignAsync(BatchTreeVectors.At(20), BatchTreeVectors.ProveAsync).AsTask());
            // The file is the new one before the signer is asked.
            Assert.Contains("\n20\n", Encoding.UTF8.GetString(seen), StringComparison.Ordinal);
        }

        using var again = FileSignerMemory.Open(Path);
        Assert.Equal("behind-checkpoint", (await RefusedAsync(() => SignAsync(again, 15))).Code);
        await SignAsync(again, 20);
    }

    [Fact]
    public async Task LeftoverOfAnInterruptedWrite_IsNotTakenForTheMemory()
    {
        using (var memory = FileSignerMemory.Create(Path, Origin)) await SignAsync(memory, 10);
        var ten = File.ReadAllBytes(Path);
        using (var memory = FileSignerMemory.Open(Path)) await SignAsync(memory, 20);
        File.Copy(Path, Path + ".new");
        File.WriteAllBytes(Path, ten);
        using (var memory = FileSignerMemory.Open(Path))
        {
            Assert.Equal(10, (await memory.ReadAsync()).Tree.Size);
            await SignAsync(memory, 30);
        }

        Assert.False(File.Exists(Path + ".new"));
    }

    [Fact]
    public async Task DisposedMemory_AnswersNothing()
    {
        var memory = FileSignerMemory.Create(Path, Origin);
        memory.Dispose();
        memory.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await memory.ReadAsync());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => SignAsync(memory, 10));
    }

    [Fact]
    public async Task StateThatIsNotTheExpectedOne_IsNotReplaced()
    {
        using var memory = FileSignerMemory.Create(Path, Origin);
        var (none, ten, twenty) = (new RememberedTree(Origin, TreeHead.Empty), Head(10), Head(20));
        Assert.False(await memory.TryRememberAsync(twenty, ten));
        Assert.True(await memory.TryRememberAsync(ten, none));
        Assert.False(await memory.TryRememberAsync(twenty, none));
        Assert.Equal(ten, await memory.ReadAsync());
        static RememberedTree Head(int size) => new(Origin, BatchTreeVectors.At(size));
    }

    private static async Task SignAsync(ISignerMemory memory, int size)
    {
        var signed = await new CheckpointSigner(BatchTreeVectors.Signer(), memory)
            .SignAsync(BatchTreeVectors.At(size), BatchTreeVectors.ProveAsync);
        Assert.True(signed.Verify(BatchTreeVectors.Key).Verified);
    }

    private static SigningRefusedException Refused(Func<object> work) => Assert.Throws<SigningRefusedException>(work);

    private static Task<SigningRefusedException> RefusedAsync(Func<Task> work) => Assert.ThrowsAsync<SigningRefusedException>(work);
}
