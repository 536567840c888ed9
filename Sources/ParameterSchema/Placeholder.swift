// ParameterSchema
