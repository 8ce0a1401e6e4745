// The business licence that the stories issue and present. The company is invented.

/** The id of the credential type in the catalogue. */
export const TYPE = 'business-licence'
/** Its SD-JWT VC type. */
export const VCT = 'urn:huizheng:business-licence:1'
/** The credential configuration that is an SD-JWT VC of it. */
export const CONFIGURATION = `${TYPE}-sd-jwt`

/** Claims that satisfy every check of the type. */
export const CLAIMS = {
  name: '合肥徽光软件有限公司',
  creditCode: '91340100MA8HUE6K0R',
  companyType: '有限责任公司（自然人投资或控股）',
  legalRepresentative: '程知夏',
  registeredCapital: 500_000_000,
  established: '2021-06-18',
  address: '安徽省合肥市高新区示例大道100号创新园B座9层',
  businessScope: '软件开发；信息系统集成服务；信息技术咨询服务',
  term: 'long-term',
  registrationAuthority: '合肥市市场监督管理局',
  licenceIdentifier: '1.2.156.3005.2.11100000MB0143028R001.11340100MB1HUE0MXJ.2026AH01000086.001.C',
}
