// Compares the fields of an object that are texts, whole numbers, truth values, characters or enums, without an object for each value.
// Called by Likeness, which looks for the difference by reflection where there is one, and where code cannot be made.
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;

namespace Refold;

internal static class SimpleFields
{
    /// <summary>Whether values of a type are alike where they are equal: nothing of them is left out by their equality.</summary>
    public static bool IsSimple(Type type) =>
        type == typeof(string) || type.IsEnum
        || (type.IsPrimitive && type != typeof(float) && type != typeof(double) && type != typeof(nint) && type != typeof(nuint));

    /// <summary>Tells whether all of these fields, each of a simple type, are equal in two objects of a class.</summary>
    /// <param name="owner">The class, or the value type, of both.</param>
    /// <param name="fields">The fields.</param>
    /// <returns>Null where there is no field, or where the runtime makes no code.</returns>
    public static Func<object, object, bool>? AreSame(Type owner, IReadOnlyList<FieldInfo> fields)
    {
        if (fields.Count == 0 || !RuntimeFeature.IsDynamicCodeCompiled) return null;
        var method = new DynamicMethod(
            "AreSame", typeof(bool), [typeof(object), typeof(object)], typeof(SimpleFields).Module, skipVisibility: true);
        var code = method.GetILGenerator();
        var differ = code.DefineLabel();
        foreach (var field in fields)
        {
            Load(code, OpCodes.Ldarg_0, owner, field);
            Load(code, OpCodes.Ldarg_1, owner, field);
            if (field.FieldType == typeof(string))
            {
                code.Emit(OpCodes.Call, TextsAreEqual);
                code.Emit(OpCodes.Brfalse, differ);
            }
            else
            {
                code.Emit(OpCodes.Bne_Un, differ);
            }
        }

        code.Emit(OpCodes.Ldc_I4_1);
        code.Emit(OpCodes.Ret);
        code.MarkLabel(differ);
        code.Emit(OpCodes.Ldc_I4_0);
        code.Emit(OpCodes.Ret);
        return method.CreateDelegate<Func<object, object, bool>>();
    }

    private static readonly MethodInfo TextsAreEqual =
        typeof(string).GetMethod(nameof(string.Equals), [typeof(string), typeof(string)])!;

    private static void Load(ILGenerator code, OpCode argument, Type owner, FieldInfo field)
    {
        code.Emit(argument);
        code.Emit(owner.IsValueType ? OpCodes.Unbox : OpCodes.Castclass, owner);
        code.Emit(OpCodes.Ldfld, field);
    }
}
